"""Many shoppers with one discount code: no use is given away twice, and none is lost."""

from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from orders import cancellation
from orders.audit import differences
from orders.models import Order
from pricing.models import DiscountCode
from tests.conftest import GraphQLClient
from tests.factories import make_product
from tests.orders.conftest import ADDRESS, add_to_cart
from tests.orders.terms.conftest import apply_code, checkout
from tests.races.conftest import at_once

pytestmark = pytest.mark.django_db(transaction=True)


def make_shoppers(count: int) -> list[GraphQLClient]:
    """Make guests with a product and the code in their carts. Each wants a product of their own."""
    shoppers = [GraphQLClient() for _ in range(count)]
    for shopper in shoppers:
        add_to_cart(shopper, make_product())
        assert apply_code(shopper)["__typename"] == "Cart"
    return shoppers


def outcomes(answers: list[Any]) -> list[str]:
    return sorted(answer.get("reason", answer["__typename"]) for answer in answers)


def assert_books(uses: int) -> None:
    assert DiscountCode.objects.get().uses == uses == Order.objects.filter(cancelled_at=None).count()
    assert list(differences(now=timezone.now())) == []


def test_ten_want_the_last_use() -> None:
    DiscountCode.objects.create(code="SPRING", percent=Decimal(10), max_uses=1)
    shoppers = make_shoppers(10)
    answers = at_once(*(partial(checkout, shopper) for shopper in shoppers))
    assert outcomes(answers) == ["Order"] + ["USED_UP"] * 9
    assert_books(uses=1)


def test_one_customer_in_five_browsers() -> None:
    DiscountCode.objects.create(code="SPRING", percent=Decimal(10), max_uses_each=1)
    shoppers = make_shoppers(5)
    answers = at_once(*(partial(checkout, shopper, shipping=ADDRESS) for shopper in shoppers))
    assert outcomes(answers) == ["Order"] + ["USED_UP"] * 4
    assert_books(uses=1)


def test_cancelled_while_others_check_out() -> None:
    DiscountCode.objects.create(code="SPRING", percent=Decimal(10))
    early = make_shoppers(3)
    orders = [Order.objects.get(pk=checkout(shopper)["uuid"]) for shopper in early]
    late = make_shoppers(3)
    at_once(
        *(partial(cancellation.cancel, order, now=timezone.now()) for order in orders * 2),
        *(partial(checkout, shopper) for shopper in late),
    )
    assert_books(uses=3)


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer at a time")
@pytest.mark.parametrize("limit", ["max_uses", "max_uses_each"])
def test_used_up_between_the_reading_and_the_count(limit: str) -> None:
    """The terms then show a free use, but another order of the same customer has had it."""
    DiscountCode.objects.create(code="SPRING", percent=Decimal(10), **{limit: 1})
    early, late = make_shoppers(2)
    answers: list[Any] = []

    def check_out_after_the_reading(execute: Any, sql: str, *arguments: Any) -> Any:
        if sql.startswith('INSERT INTO "orders_orderitem"') and not answers:
            answers.append(None)  # only once
            answers[0] = at_once(partial(checkout, early, shipping=ADDRESS))[0]
        return execute(sql, *arguments)

    with connection.execute_wrapper(check_out_after_the_reading):
        assert checkout(late, shipping=ADDRESS)["reason"] == "USED_UP"
    assert answers[0]["__typename"] == "Order"
    assert_books(uses=1)
