"""What a search costs where very many products match: samples, estimates, and pages of other orders."""

from collections.abc import Iterable
from importlib import import_module
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

import api
from catalog.facets import Facets
from catalog.models import Product
from catalog.search import Found, sample, search
from catalog.search.candidates import BEST_OF_MORE
from catalog.search.ordered import select_page
from catalog.search.sample import read_sample
from catalog.selectors import ProductFilter, products
from catalog.types.choices import SORTS, ProductSort
from tests.factories import make_category, make_product, make_products

pytestmark = pytest.mark.django_db

MANY = 600
# A function has the module's name in the package.
steps = import_module("catalog.search.candidates")


@pytest.fixture
def few_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make estimates of 600 matches."""
    monkeypatch.setattr(sample, "COUNTED", 3)
    monkeypatch.setattr(sample, "MAX_ALL", 100)
    monkeypatch.setattr(sample, "LOOKED_AT", 100)


def in_sample(keys: Iterable[int], *, level: int) -> list[int]:
    """Return the keys that both databases have in the sample of the level."""
    return sorted(key for key in keys if key * 2654435761 % 2**32 < 2**32 >> level)


def facets(found: Found) -> Facets:
    return Facets(found=found.counted, filter=found.filter, bounded=True, level=found.sample.level)


class TestSample:
    def test_is_the_same_on_both_databases(self) -> None:
        make_products(1_000, name="Lamp")
        keys = Product.objects.values_list("pk", flat=True)
        for count, level in ((1_999, 0), (2_000, 1), (7_000, 3), (20_000, 5), (10**9, 10)):
            found = read_sample(search("lamp").candidates.expression, within=products(), count=count)
            assert (found.level, sorted(found.keys)) == (level, in_sample(keys, level=level))
            assert len(found.keys) == pytest.approx(1_000 / 2**level, abs=2)

    def test_follows_changes(self) -> None:
        make_products(64, name="Lamp")
        keys = in_sample(Product.objects.values_list("pk", flat=True), level=2)
        Product.objects.filter(pk=keys[0]).update(value_text=" ¤v1§i")
        Product.objects.filter(pk=keys[1]).delete()
        found = read_sample(search("lamp").candidates.expression, within=products(), count=4_000)
        assert (found.level, sorted(found.keys)) == (2, [keys[0], *keys[2:]])

    def test_spreads_keys_that_come_in_a_pattern(self) -> None:
        for step in (1, 2, 16, 1_000, 5_068, 65_536):
            keys = range(1, 1_000 * step, step)
            assert len(in_sample(keys, level=4)) == pytest.approx(1_000 / 16, rel=0.2)


class TestEstimates:
    def test_are_exact_where_all_are_looked_at(self) -> None:
        light = make_category("Light")
        make_products(MANY, name="Lamp", category=light, stock=1)
        make_products(3, name="Lamp", stock=0)
        found = search("lamp")
        assert (found.count(), found.sample.level) == (MANY + 3, 0)
        assert facets(found).counts.in_stock == facets(found).counts.categories[light.pk] == MANY

    def test_are_near(self, few_looked_at: None) -> None:
        light = make_category("Light")
        make_products(MANY, name="Lamp", category=light, stock=1)
        make_products(MANY // 2, name="Lamp", stock=0)
        found = search("lamp")
        counts = facets(found).counts
        assert found.sample.level == 4
        assert found.count() == pytest.approx(1.5 * MANY, rel=0.1)
        assert counts.in_stock == counts.categories[light.pk] == pytest.approx(MANY, rel=0.1)
        in_stock = search("lamp", filter=ProductFilter(in_stock=True))
        assert in_stock.count() == pytest.approx(MANY, rel=0.1)

    def test_hide_nothing_that_is_on_the_page(self, few_looked_at: None) -> None:
        make_products(MANY, name="Thing", description="Near a lamp.", stock=0)
        light = make_category("Light")
        while in_sample([make_product(name="Lamp", category=light, stock=1).pk], level=1):
            Product.objects.filter(category=light).delete()
        found = search("lamp")
        counts = facets(found).counts
        assert found.sample.level > 0
        assert (counts.categories[light.pk], counts.in_stock) == (1, 1)

    def test_take_a_statement_more_than_facets_alone(self, few_looked_at: None) -> None:
        make_products(MANY, name="Lamp")
        found = search("lamp")
        with CaptureQueriesContext(connection) as captured:
            found.count()
            assert len(captured) == 2
            assert facets(found).counts.in_stock == 0
        assert len(captured) == 3


class TestSteps:
    def test_look_at_all_where_the_sample_has_too_few(self, monkeypatch: pytest.MonkeyPatch) -> None:
        make_products(MANY, name="Thing", description="Near a lamp.")
        make_product(name="Lamp of oak")
        for term in ("lamp", "oak lamp", "lam", "lamp zzqqxx"):
            monkeypatch.setattr(steps, "MANY_PRODUCTS", 10**6)
            expected = search(term).candidates
            monkeypatch.setattr(steps, "MANY_PRODUCTS", 0)
            found = search(term).candidates
            assert (found.matches[0], found.all_found) == (expected.matches[0], expected.all_found)
            assert {match.kind for match in found.matches} == {match.kind for match in expected.matches}

    @pytest.mark.slow
    def test_look_only_at_the_sample_where_it_has_enough(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(steps, "MANY_PRODUCTS", 8_000)
        make_products(8_200, name="Lamp")
        keys = Product.objects.values_list("pk", flat=True)
        found = {match.key for match in search("lamp").candidates.matches}
        assert len(found) == BEST_OF_MORE
        # Which of them depends on where PostgreSQL had space for the rows.
        assert found <= set(in_sample(keys, level=4))


class TestOtherOrders:
    def page(self, found: Found, *, total: int = 2 * MANY, **paging: Any) -> list[str]:
        """Return the slugs of the page in a shop of so many products. Set `walked`."""
        cut = api.Slice.of(products(), sort=SORTS[ProductSort.BEST_SELLING], paging=api.Paging(**paging))
        with CaptureQueriesContext(connection) as captured:
            matches = select_page(
                cut.bound_rows,
                found.candidates.expression,
                size=cut.size + 1,
                within=found.candidates.within,
                count=found.rough_count,
                total=total,
            )
            rows = list(cut.one_more(matches))
        self.walked = len(captured) == 3
        assert self.walked or len(captured) == 2
        return [product.slug for product in rows[: cut.size]]

    def expected(self, term: str, **filter: Any) -> list[str]:
        found = products().filter(name__contains=term, **filter).order_by("-sold_count", "-slug")
        return list(found.values_list("slug", flat=True))

    def make(self, *, lamps: int, others: int) -> None:
        """Make lamps that sell as given, and as many other products."""
        make_products(MANY, name="Lamp", sold_count=lamps)
        make_products(MANY, name="Thing", sold_count=others)

    @pytest.mark.parametrize("lamps", [1, 3], ids=["at the end", "at the start"])
    def test_find_all_matches(self, lamps: int) -> None:
        self.make(lamps=lamps, others=2)
        expected = self.expected("Lamp")
        after = api.keyset.encode_cursor(Product.objects.get(slug=expected[400]), ("sold_count", "slug"))
        for paging, slugs in (
            ({"first": 3}, expected[:3]),
            ({"last": 3}, expected[-1:-4:-1]),
            ({"first": 3, "after": after}, expected[401:404]),
            ({"last": 3, "before": after}, expected[399:396:-1]),
        ):
            assert self.page(search("lamp"), **paging) == slugs
            assert self.walked

    def test_pass_the_filter(self) -> None:
        self.make(lamps=1, others=1)
        Product.objects.update(stock=0)
        make_products(MANY, name="Lamp", stock=1)
        found = search("lamp", filter=ProductFilter(in_stock=True))
        assert self.page(found, first=5) == self.expected("Lamp", stock__gt=0)[:5]

    def test_do_not_walk_for_rare_words(self) -> None:
        make_products(MANY, name="Lamp")
        found = search("lamp")
        assert self.page(found, first=100, total=100 * MANY) == self.expected("Lamp")[:100]
        assert not self.walked
