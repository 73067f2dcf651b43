"""Publishing a product in the admin."""

import re
from datetime import datetime, timedelta
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from django.utils import timezone
from django.utils.formats import date_format
from pytest_django import Settings

from catalog.models import Product
from catalog.previews import product_of
from catalog.visibility import is_published
from tests.catalog.admin.conftest import (
    ADD,
    PRODUCTS,
    change_page,
    form_of,
)
from tests.factories import (
    make_product,
)
from tests.staff import clerk

pytestmark = pytest.mark.django_db


class TestPublication:
    @staticmethod
    def publish(browser: Client, product: Product, day: str, moment: str = "") -> Product:
        form = form_of(product, published_at_0=day, published_at_1=moment)
        answer = browser.post(change_page(product), form)
        assert answer.status_code == 302, answer.context["adminform"].errors
        return Product.objects.get(pk=product.pk)

    @pytest.mark.parametrize(
        ("zone", "moment", "published_at"),
        [
            ("UTC", "", "2027-03-27T00:00:00+00:00"),
            ("Europe/Berlin", "", "2027-03-26T23:00:00+00:00"),
            ("America/New_York", "", "2027-03-27T04:00:00+00:00"),
            ("Europe/Berlin", "17:00", "2027-03-27T16:00:00+00:00"),
        ],
    )
    def test_begins_on_a_day_at_the_shops_midnight(
        self, superuser: Client, settings: Settings, zone: str, moment: str, published_at: str
    ) -> None:
        settings.TIME_ZONE = zone
        product = self.publish(superuser, make_product(published_at=None), "2027-03-27", moment)
        assert product.published_at == product.added_at == datetime.fromisoformat(published_at)

    def test_is_taken_back_by_an_empty_day(self, superuser: Client) -> None:
        product = make_product()
        draft = self.publish(superuser, product, "")
        assert (draft.published_at, draft.added_at) == (None, product.added_at)

    def test_stays_when_another_field_is_edited(self, superuser: Client) -> None:
        product = make_product()
        superuser.post(change_page(product), form_of(product, name="Renamed"))
        renamed = Product.objects.get()
        assert (renamed.name, renamed.published_at) == ("Renamed", product.published_at)

    def test_of_a_day_that_does_not_exist_is_refused(self, superuser: Client) -> None:
        product = make_product()
        form = form_of(product, published_at_0="2027-02-30", published_at_1="")
        answer = superuser.post(change_page(product), form)
        assert "published_at" in answer.context["adminform"].errors
        assert Product.objects.get().published_at == product.published_at

    def test_of_many_at_once(self, superuser: Client) -> None:
        published, draft = make_product(), make_product(published_at=None)
        to_come = make_product(published_at=timezone.now() + timedelta(hours=1))
        chosen = {"_selected_action": [str(product.pk) for product in (published, draft, to_come)]}
        superuser.post(PRODUCTS, {"action": "publish", **chosen})
        assert Product.objects.filter(is_published()).count() == 3
        assert Product.objects.get(pk=published.pk).added_at == published.added_at
        assert Product.objects.get(pk=draft.pk).added_at > draft.added_at
        superuser.post(PRODUCTS, {"action": "unpublish", **chosen})
        assert Product.objects.filter(published_at=None).count() == 3

    def test_is_a_filter_and_a_column(self, superuser: Client) -> None:
        moment = timezone.now() + timedelta(days=1)
        products = {
            "published": make_product(),
            "draft": make_product(published_at=None),
            "to_come": make_product(published_at=moment),
        }
        for value, product in products.items():
            page = superuser.get(PRODUCTS, {"publication": value})
            assert list(page.context["cl"].queryset) == [product]
        page = superuser.get(PRODUCTS)
        assert len(page.context["cl"].result_list) == 3
        assert "Draft" in page.text
        assert f"From {date_format(timezone.localtime(moment), 'j M Y, H:i')}" in page.text

    def test_has_a_preview_link(self, superuser: Client, settings: Settings) -> None:
        settings.STORE_FRONTEND_URL = "https://shop.example"
        product = make_product(name="Café lamp", published_at=None)
        [link] = re.findall(
            r'href="(https://shop.example/[^"]*)"', unescape(superuser.get(change_page(product)).text)
        )
        assert link.startswith("https://shop.example/products/caf%C3%A9-lamp?preview=")
        [token] = parse_qs(urlsplit(link).query)["preview"]
        assert product_of(token) == product.pk
        assert "Show the page" not in superuser.get(ADD).text

    def test_is_not_for_those_who_may_only_look(self) -> None:
        product = make_product()
        browser = clerk("view_product")
        browser.post(PRODUCTS, {"action": "unpublish", "_selected_action": [str(product.pk)]})
        assert Product.objects.get().published_at == product.published_at
