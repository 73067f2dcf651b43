"""The column `published` of files: drafts, and products that are published from a time on."""

from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any

import pytest
from django.test import override_settings
from django.utils import timezone

from accounts.models import User
from catalog.exchange import Outcome, export_products, import_products, preview, read_rows
from catalog.exchange.preview import Change, Step
from catalog.models import Product
from catalog.selectors import products
from tests.catalog.files import json_lines
from tests.factories import make_product, make_user

pytestmark = pytest.mark.django_db

LAMP = {"slug": "lamp", "category": "Lamps", "name": "Lamp", "description": "Shines.", "price": "10"}
PAST = datetime(2026, 3, 1, 9, 30, 0, 123456, tzinfo=UTC)


@pytest.fixture
def seller() -> User:
    return make_user(email="seller@example.com")


def bring_in(content: bytes, *, seller: User, name: str = "p.jsonl") -> Outcome:
    [outcome] = import_products(read_rows(BytesIO(content), name=name), seller=seller, now=timezone.now())
    return outcome


def published(seller: User, cell: Any) -> datetime | None:
    bring_in(json_lines({**LAMP, "published": cell}), seller=seller)
    return Product.objects.get().published_at


class TestImport:
    @pytest.mark.parametrize("cell", ["false", "FALSE", "no", "0"])
    def test_a_new_product_is_a_draft(self, seller: User, cell: str) -> None:
        assert published(seller, cell) is None
        assert not products().exists()

    @pytest.mark.parametrize("cell", ["", "true", "YES", "1"])
    def test_a_new_product_is_published(self, seller: User, cell: str) -> None:
        assert published(seller, cell) is not None
        product = products().get()
        assert product.added_at == product.published_at

    def test_from_a_time_on(self, seller: User) -> None:
        with override_settings(TIME_ZONE="Europe/Berlin"):
            assert published(seller, "2999-07-01") == datetime(2999, 6, 30, 22, tzinfo=UTC)
            assert published(seller, "2999-07-01 09:00") == datetime(2999, 7, 1, 7, tzinfo=UTC)
            assert published(seller, "2999-07-01T09:00:00+00:00") == datetime(2999, 7, 1, 9, tzinfo=UTC)
        product = Product.objects.get()
        assert product.added_at == product.published_at

    @pytest.mark.parametrize("cell", ["maybe", "2026-13-01", "-1", "99"])
    def test_refuses_anything_else(self, seller: User, cell: str) -> None:
        outcome = bring_in(json_lines({**LAMP, "published": cell}), seller=seller)
        [refused] = outcome.refused
        assert refused.reason.startswith("published: ")
        assert not Product.objects.exists()

    def test_one_that_is_published_keeps_its_time(self, seller: User) -> None:
        product = make_product(name="Lamp", user=seller, published_at=PAST)
        row = {"slug": product.slug, "published": "true"}
        assert bring_in(json_lines(row), seller=seller) == Outcome(unchanged=1)
        assert bring_in(json_lines({**row, "published": "false"}), seller=seller) == Outcome(updated=1)
        product.refresh_from_db()
        assert (product.published_at, product.added_at) == (None, PAST)
        assert bring_in(json_lines({**row, "published": ""}), seller=seller) == Outcome(unchanged=1)
        assert bring_in(json_lines(row), seller=seller) == Outcome(updated=1)
        product.refresh_from_db()
        assert product.published_at == product.added_at > PAST
        assert products().get() == product

    def test_the_preview_says_so(self, seller: User) -> None:
        product = make_product(name="Lamp", user=seller, published_at=PAST)
        rows = read_rows(BytesIO(json_lines({"slug": product.slug, "published": "no"})), name="p.jsonl")
        steps = preview(rows, seller=seller, now=timezone.now(), create_categories=True)
        changes = (Change(field="published", before=str(PAST), after="None"),)
        assert steps == [Step(line=1, action="update", name="Lamp", changes=changes)]


@pytest.mark.parametrize("suffix", [".csv", ".jsonl"])
def test_export_and_import_change_nothing(seller: User, suffix: str) -> None:
    to_come = timezone.now() + timedelta(days=3)
    times = {"draft": None, "old": PAST, "coming": to_come}
    for name, moment in times.items():
        make_product(name=name, user=seller, published_at=moment)
    exported = "".join(export_products(Product.objects.all(), suffix=suffix)).encode()
    assert bring_in(exported, seller=seller, name=f"p{suffix}") == Outcome(unchanged=3)
    assert dict(Product.objects.values_list("name", "published_at")) == times
    # Elsewhere, only a time that has not come is kept.
    Product.objects.all().delete()
    assert bring_in(exported, seller=seller, name=f"p{suffix}").created == 3
    found = dict(Product.objects.values_list("name", "published_at"))
    assert (found["draft"], found["coming"]) == (None, to_come)
    assert {product.name for product in products()} == {"old"}
