"""What each discount code brought, for the staff."""

from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from catalog.models import Product
from orders import cancellation
from orders.models import Order
from tests.conftest import GraphQLClient
from tests.factories import make_product
from tests.orders.conftest import add_to_cart, statements
from tests.orders.terms.conftest import apply_code, checkout, make_code
from tests.staff import clerk

pytestmark = pytest.mark.django_db

CODES = reverse("admin:pricing_discountcode_changelist")


def buy(product: Product, code: str, quantity: int = 1) -> Any:
    browser = GraphQLClient()
    add_to_cart(browser, product, quantity)
    assert apply_code(browser, code)["__typename"] == "Cart"
    return checkout(browser)["uuid"]


def row_of(page: Any, code: str) -> list[str]:
    """Return the code's orders, discount given and turnover."""
    admin, codes = (
        page.context["cl"].model_admin,
        {found.code: found for found in page.context["cl"].result_list},
    )
    return [getattr(admin, name)(codes[code]) for name in ("orders", "discount_given", "turnover")]


class TestEarnings:
    def test_are_of_orders_that_live(self, superuser: Client) -> None:
        product = make_product(price=Decimal(20), stock=50)
        make_code("SPRING", percent=10)
        make_code("UNUSED", percent=10)
        make_code("FIVE", amount=Decimal(5))
        buy(product, "SPRING")
        partly = buy(product, "SPRING", 2)
        Order.objects.filter(pk=partly).update(status="partially_shipped", paid_at=timezone.now())
        buy(product, "FIVE")
        for given_up in (buy(product, "SPRING"), buy(product, "FIVE")):
            cancellation.cancel(Order.objects.get(pk=given_up), now=timezone.now())
        page = superuser.get(CODES)
        assert row_of(page, "SPRING") == ["2", "$6.00", "$54.00"]
        assert row_of(page, "FIVE") == ["1", "$5.00", "$15.00"]
        assert row_of(page, "UNUSED") == ["0", "$0.00", "$0.00"]
        for text in ("$6.00", "$54.00", "$15.00"):
            assert text in page.text

    def test_takes_as_many_statements_for_many_codes(self, superuser: Client) -> None:
        make_code()
        few = statements(lambda: superuser.get(CODES))
        for number in range(5):
            make_code(f"CODE{number}")
        assert statements(lambda: superuser.get(CODES)) == few

    def test_sorts_by_turnover(self, superuser: Client) -> None:
        product = make_product(price=Decimal(20), stock=50)
        for code, quantity in (("A", 1), ("B", 2)):
            make_code(code, percent=10)
            buy(product, code, quantity)
        make_code("UNUSED", percent=10)
        column = superuser.get(CODES).context["cl"].list_display.index("turnover")
        found = superuser.get(CODES, {"o": f"-{column}"}).context["cl"].result_list
        assert [code.code for code in found] == ["B", "A", "UNUSED"]

    def test_only_for_staff_who_may_see_orders(self) -> None:
        make_code()
        assert "Turnover" not in clerk("view_discountcode").get(CODES).text
        assert "Turnover" in clerk("view_discountcode", "view_order").get(CODES).text
