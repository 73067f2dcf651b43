"""The bare script buys everything that was recorded. Otherwise the store would be compared with less work."""

import psycopg
import pytest
from django.db import connection

from catalog.models import Product
from orders.models import Order, OrderItem, Payment
from tests.benchmarks.load.bare import repeat
from tests.benchmarks.load.cells import make_requests
from tests.benchmarks.load.contenders import Contender
from tests.benchmarks.load.driver import Request
from tests.benchmarks.load.shop import url
from tests.benchmarks.load.statements import record_purchases
from tests.benchmarks.operations import ADD_TO_CART, CHECKOUT, add_to_cart_variables, checkout_variables
from tests.factories import make_product


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "postgresql", reason="the script is psycopg's")
class TestRepeat:
    def test_another_visitor_buys_the_same(self) -> None:
        products = [make_product(name=f"Lamp {number}", stock=5) for number in range(3)]
        [bought] = record_purchases([purchase(products)])
        with psycopg.connect(url(), autocommit=True) as database:
            for _ in range(2):
                repeat(database, bought)
        assert Order.objects.filter(status="pending", amount=30).count() == 3
        assert Order.objects.values("visitor").distinct().count() == 3
        assert Payment.objects.exclude(intent_id=None).count() == 3
        assert sorted(OrderItem.objects.values_list("name", flat=True)) == sorted(
            3 * [product.name for product in products]
        )
        assert set(Product.objects.values_list("stock", flat=True)) == {2}


def purchase(products: list[Product]) -> list[Request]:
    return [
        *make_requests(
            ADD_TO_CART, Contender.STORE, [add_to_cart_variables(product.pk) for product in products]
        ),
        *make_requests(CHECKOUT, Contender.STORE, [checkout_variables()]),
    ]
