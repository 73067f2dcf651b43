"""Export of orders as CSV."""

import csv

import pytest
from django.urls import reverse

from orders.export import COLUMNS, export_orders
from orders.models import Order, OrderItem
from tests.conftest import GraphQLClient
from tests.factories import make_product
from tests.orders.conftest import ADDRESS, add_to_cart, checkout, statements
from tests.staff import clerk

pytestmark = pytest.mark.django_db

ORDERS = reverse("admin:orders_order_changelist")


@pytest.fixture
def order(api: GraphQLClient) -> Order:
    """An order of two items, by somebody whose name is a formula."""
    add_to_cart(api, make_product(name="Lamp"), 2)
    add_to_cart(api, make_product(name="=1+1"))
    return Order.objects.get(
        pk=checkout(api, shipping={**ADDRESS, "firstName": "=A1", "lastName": ""})["uuid"]
    )


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(text.removeprefix("\ufeff").splitlines()))


def test_has_a_line_for_each_item(order: Order) -> None:
    lamp, formula = rows("".join(export_orders(Order.objects.all())))
    assert tuple(lamp) == COLUMNS
    assert (lamp["number"], lamp["status"], lamp["order_total"]) == (order.number, "pending", "30.00")
    assert (lamp["item"], lamp["quantity"], lamp["unit_price"]) == ("Lamp", "2", "10.00")
    assert (formula["item"], formula["name"]) == ("'=1+1", "'=A1")


def test_takes_one_statement(order: Order) -> None:
    assert statements(lambda: list(export_orders(Order.objects.all()))) == 1
    OrderItem.objects.latest("pk").delete()
    assert statements(lambda: list(export_orders(Order.objects.all()))) == 1


def test_is_an_action_of_the_staff(order: Order) -> None:
    data = {"action": "export", "_selected_action": [order.pk]}
    answer = clerk("view_order").post(ORDERS, data)
    assert len(rows(answer.getvalue().decode())) == 2
    assert answer["Content-Disposition"] == "attachment; filename=orders.csv"


def test_is_for_those_who_may_see_orders(order: Order) -> None:
    data = {"action": "export", "_selected_action": [order.pk]}
    assert clerk("view_product").post(ORDERS, data).status_code == 403
