"""Killed at every step: of checkout, of the webhook, of cancelling, and of the commands that mend what was cut off.

Each purchase is of a product of its own, by a shopper of their own, and one worker is killed in it. Whatever follows,
in the end the purchase is whole or has never been, and the books are right.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from typing import Any

import pytest
from django.utils import timezone

from catalog.models import Product
from orders.models import Order, OrderStatus
from tests.factories import make_category, make_product, make_user
from tests.faults import books
from tests.faults.shop import Lost, Shop, Shopper, eventually, pay

STOCK, QUANTITY = 5, 2
# Stripe's patience: by then an event that was not taken has come again.
LATER_SECONDS = 10


@dataclass(kw_only=True)
class Purchase:
    """Somebody who has filled a cart, the step to kill at, and its name once that has happened."""

    shopper: Shopper
    product: Product
    step: int
    died_before: str = ""

    def lose(self, action: Callable[[], Any]) -> None:
        """Do what is to be killed; where it was not, there are no more steps."""
        try:
            action()
        except Lost as lost:
            self.died_before = str(lost)

    @property
    def outcome(self) -> str | None:
        """The order's status and what is left of the stock; None where there is no order."""
        order = Order.objects.filter(idempotency_key=self.shopper.key).first()
        self.product.refresh_from_db()
        return f"{order.status}, {self.product.stock} left" if order else f"no order, {self.product.stock} left"


def purchases(shop: Shop) -> Iterator[Purchase]:
    """One for each step, until one is not killed: it had fewer."""
    seller, category = make_user(), make_category()
    for step in count(1):
        product = make_product(stock=STOCK, user=seller, category=category)
        shopper = Shopper(shop=shop, email=f"shopper{step}@example.com")
        eventually(lambda: shopper.add(product, QUANTITY))  # noqa: B023  # called at once
        purchase = Purchase(shopper=shopper, product=product, step=step)
        yield purchase
        if not purchase.died_before:
            return


def conclude(shop: Shop, made: list[Purchase], *, outcomes: set[str], steps: set[str]) -> None:
    """Restart, reconcile, expire, audit, and count. `steps` are some that must have been among those killed at."""
    shop.kill()
    shop.wait_until_up()
    shop.run("reconcile_payments")
    Order.objects.filter(status=OrderStatus.PENDING).update(expires_at=timezone.now())
    shop.run("expire_orders")
    assert json.loads(shop.manage("audit", "--json")) == []
    assert list(books.differences(shop, stocks={purchase.product.pk: STOCK for purchase in made})) == []
    assert {purchase.died_before: purchase.outcome for purchase in made if purchase.outcome not in outcomes} == {}
    assert steps <= {purchase.died_before for purchase in made}
    print(len(made), [p.died_before for p in made])


BOUGHT = "shipped, 3 left"
GIVEN_UP = "cancelled, 5 left"
NEVER = "no order, 5 left"
CHECKOUT_STEPS = {
    "UPDATE catalog_product",
    "INSERT orders_order",
    "COMMIT",
    "POST /v1/payment_intents",
    "POST /v1/payment_intents (reply lost)",
    "UPDATE orders_payment",
    "the response",
}


class TestCheckout:
    def test_the_shopper_tries_again_and_pays(self, shop: Shop) -> None:
        made = []
        for purchase in purchases(shop):
            shopper = purchase.shopper
            purchase.lose(lambda: shopper.checkout(crash_at=purchase.step))
            order = eventually(shopper.checkout)
            pay(order)
            shop.deliver(after_seconds=LATER_SECONDS)
            made.append(purchase)
        conclude(shop, made, outcomes={BOUGHT}, steps=CHECKOUT_STEPS)

    def test_the_shopper_never_comes_back(self, shop: Shop) -> None:
        made = []
        for purchase in purchases(shop):
            purchase.lose(lambda: purchase.shopper.checkout(crash_at=purchase.step))
            made.append(purchase)
        conclude(shop, made, outcomes={NEVER, GIVEN_UP}, steps=CHECKOUT_STEPS)
        
