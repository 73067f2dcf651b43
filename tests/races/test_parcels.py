"""Two people who ship, refund and return the same goods at once."""

from collections.abc import Callable
from contextlib import suppress
from decimal import Decimal
from functools import partial

import pytest
from django.utils import timezone
from pytest_django import Settings

from core.errors import DomainError
from orders.audit import differences
from orders.fulfilment import ship
from orders.models import Fulfilment, Order, OrderItem, Refund, Return
from orders.owners import Owner
from orders.parcels import Parcel
from orders.refunding import refund, refund_items
from orders.returns import request_return
from tests.conftest import GraphQLClient
from tests.factories import make_product, make_user
from tests.orders.conftest import Bank, add_to_cart, checkout
from tests.races.conftest import at_once

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def order(bank: Bank, settings: Settings) -> Order:
    """A paid order of one unit."""
    settings.STORE_SHIP_ON_PAYMENT = False
    browser = GraphQLClient()
    browser.force_login(make_user())
    add_to_cart(browser, make_product())
    uuid = checkout(browser)["uuid"]
    bank.pay(uuid)
    return Order.objects.get(pk=uuid)


def run(action: Callable[[], object]) -> bool:
    """Whether the action was not refused."""
    with suppress(DomainError):
        action()
        return True
    return False


def race(*actions: Callable[[], object]) -> int:
    """Run all at once, and return how many were not refused. The books agree after that."""
    done = sum(at_once(*(partial(run, action) for action in actions)))
    assert list(differences(now=timezone.now())) == []
    return done


def test_two_parcels_of_one_unit(order: Order) -> None:
    parcel = Parcel(quantities={order.items.get().pk: 1})
    assert race(*[partial(ship, order, parcel=parcel, now=timezone.now())] * 4) == 1
    assert Fulfilment.objects.count() == 1


def test_two_refunds_of_one_unit(order: Order) -> None:
    give_back = partial(
        refund_items, order_uuid=order.pk, quantities={order.items.get().pk: 1}, now=timezone.now()
    )
    amount = partial(refund, order_uuid=order.pk, amount=Decimal(10), now=timezone.now())
    assert race(give_back, amount, give_back, amount) == 1
    assert Refund.objects.get().amount == Decimal(10)


def test_a_parcel_against_a_refund_of_the_unit(order: Order) -> None:
    key = order.items.get().pk
    send = partial(ship, order, parcel=Parcel(quantities={key: 1}), now=timezone.now())
    give_back = partial(refund_items, order_uuid=order.pk, quantities={key: 1}, now=timezone.now())
    assert race(send, give_back) in (1, 2)  # what was shipped can be refunded, too
    item = OrderItem.objects.get()
    assert item.fulfilled + item.withdrawn == 1


def test_two_requests_for_the_same_unit(order: Order) -> None:
    ship(order, now=timezone.now())
    ask = partial(
        request_return,
        owner=Owner(user=order.user),
        order_uuid=order.pk,
        quantities=[(order.items.get().pk, 1)],
        reason="",
        now=timezone.now(),
    )
    assert race(*[ask] * 4) == 1
    assert Return.objects.count() == 1
