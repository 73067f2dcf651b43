import pytest

from tests.conftest import GraphQLClient
from tests.factories import make_product
from tests.orders.conftest import ORDER, Bank, add_to_cart, checkout

pytestmark = pytest.mark.django_db


class TestCheckout:
    def test_from_cart_to_shipped(self, api: GraphQLClient, bank: Bank) -> None:
        lamp = make_product(name="Lamp", stock=5)
        assert add_to_cart(api, lamp, 2)["totalQuantity"] == 2
        order = checkout(api)
        assert order["status"] == "PENDING", order
        bank.pay(order["uuid"])
        print(api.run(ORDER, uuid=order["uuid"]))
        print(order)
