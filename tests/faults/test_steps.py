"""A kill at every step of checkout, the webhook, cancelling, and the commands that finish interrupted work.

Each purchase has its own product and shopper, and one worker is killed in it. In the end, the purchase is complete or
has left no trace, and the books are right.
"""

from collections.abc import Callable, Iterator, Set
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from itertools import count
from typing import Any

import pytest

from catalog.models import ProductVariant
from orders.models import Order
from pricing.models import DiscountCode
from tests.factories import make_category, make_product, make_user, variant_of
from tests.faults import books
from tests.faults.shop import Lost, Shop, Shopper, eventually, expire_pending, forget_events, pay

pytestmark = pytest.mark.slow

STOCK, QUANTITY = 5, 2
# By then, Stripe has repeated an event that was not accepted.
LATER_SECONDS = 10


@dataclass(kw_only=True)
class Purchase:
    """A shopper with a full cart, the step to kill at, and the step's name once a worker was killed there."""

    shopper: Shopper
    variant: ProductVariant
    step: int
    died_before: str = ""

    def lose(self, action: Callable[[], Any]) -> None:
        """Do the action that is to be killed. If it is not killed, it had no more steps."""
        try:
            action()
        except Lost as lost:
            self.died_before = str(lost)

    @property
    def outcome(self) -> str:
        """The order's status and the remaining stock, such as `shipped, 3 left`."""
        order = Order.objects.filter(idempotency_key=self.shopper.key).first()
        self.variant.refresh_from_db()
        return f"{order.status if order else 'no order'}, {self.variant.stock} left"


def purchases(shop: Shop) -> Iterator[Purchase]:
    """Yield a purchase for each step, with a discount code, until one is not killed because it has fewer steps."""
    seller, category = make_user(), make_category()
    code = DiscountCode.objects.create(code="SPRING", percent=Decimal(10), max_uses=1_000, max_uses_each=1)
    for step in count(1):
        variant = variant_of(make_product(stock=STOCK, user=seller, category=category))
        shopper = Shopper(shop=shop, email=f"shopper{step}@example.com")
        eventually(partial(shopper.add, variant, QUANTITY))
        assert eventually(partial(shopper.apply, code.code))["__typename"] == "Cart"
        purchase = Purchase(shopper=shopper, variant=variant, step=step)
        yield purchase
        if not purchase.died_before:
            return


def conclude(
    shop: Shop,
    made: list[Purchase],
    *,
    outcomes: set[str],
    steps: Set[str],
    mailed_twice: Set[str] = frozenset(),
) -> None:
    """Recover, and check the books and the outcomes.

    `steps` must have been among the steps of the kills. Those before whose steps `mailed_twice` a worker was killed
    have two mails, and nobody else has.
    """
    shop.recover()
    differences = sorted(books.differences(shop, stocks={purchase.variant.pk: STOCK for purchase in made}))
    assert differences == sorted(
        f"{purchase.shopper.email}, whose order is shipped, was mailed 2 times"
        for purchase in made
        if purchase.died_before in mailed_twice
    )
    assert {
        purchase.died_before: purchase.outcome for purchase in made if purchase.outcome not in outcomes
    } == {}
    assert steps <= {purchase.died_before for purchase in made}


BOUGHT = "shipped, 3 left"
PAID = "paid, 3 left"
NEVER = "no order, 5 left"
GIVEN_UP = "cancelled, 5 left"
REFUNDED = "refunded, 5 left"


class TestCheckout:
    STEPS = frozenset(
        {
            "INSERT orders_order",
            "UPDATE catalog_productvariant",
            "UPDATE catalog_product",
            "UPDATE pricing_discountcode",
            "COMMIT",
            "POST /v1/payment_intents",
            "POST /v1/payment_intents (reply lost)",
            "UPDATE orders_payment",
            "the response",
        }
    )

    def test_the_shopper_tries_again_and_pays(self, shop: Shop) -> None:
        made = []
        for purchase in purchases(shop):
            purchase.lose(partial(purchase.shopper.checkout, crash_at=purchase.step))
            pay(eventually(purchase.shopper.checkout))
            shop.deliver(after_seconds=LATER_SECONDS)
            made.append(purchase)
        conclude(shop, made, outcomes={BOUGHT}, steps=self.STEPS)
        assert [len(shop.mails_to(purchase.shopper.email)) for purchase in made] == [1] * len(made)

    def test_the_shopper_never_comes_back(self, shop: Shop) -> None:
        made = []
        for purchase in purchases(shop):
            purchase.lose(partial(purchase.shopper.checkout, crash_at=purchase.step))
            made.append(purchase)
        conclude(shop, made, outcomes={NEVER, GIVEN_UP}, steps=self.STEPS)


class TestWebhook:
    STEPS = frozenset(
        {
            "GET /v1/payment_intents/…",
            "INSERT orders_stripeevent",
            "UPDATE orders_payment",
            "UPDATE orders_order",
            "INSERT orders_ordermail",
            "INSERT django_tasks_database_dbtaskresult",
            "INSERT orders_documentseries",
            "INSERT orders_document",
            "COMMIT",
            "the response",
        }
    )

    def test_the_event_comes_again(self, shop: Shop) -> None:
        made = []
        for purchase in purchases(shop):
            self.pay_without_event(shop, purchase)
            purchase.lose(partial(shop.deliver, crash_at=purchase.step))
            shop.deliver(after_seconds=LATER_SECONDS)
            assert purchase.outcome == BOUGHT, purchase.died_before
            made.append(purchase)
        conclude(shop, made, outcomes={BOUGHT}, steps=self.STEPS)

    def test_the_event_never_comes_again(self, shop: Shop) -> None:
        made = []
        for purchase in purchases(shop):
            self.pay_without_event(shop, purchase)
            purchase.lose(partial(shop.deliver, crash_at=purchase.step))
            forget_events(after_seconds=LATER_SECONDS)
            made.append(purchase)
        conclude(shop, made, outcomes={BOUGHT}, steps=self.STEPS)

    @staticmethod
    def pay_without_event(shop: Shop, purchase: Purchase) -> None:
        order = eventually(purchase.shopper.checkout)
        shop.deliver(after_seconds=LATER_SECONDS)
        pay(order)


class TestTasks:
    def test_the_confirmation_is_mailed(self, shop: Shop) -> None:
        made = []
        for purchase in purchases(shop):
            pay(eventually(purchase.shopper.checkout))
            shop.deliver(after_seconds=LATER_SECONDS)
            purchase.lose(partial(shop.run, "run_tasks", crash_at=purchase.step))
            shop.run_tasks()
            made.append(purchase)
        unrecorded = {"the mail (reply lost)", "UPDATE orders_ordermail"}
        conclude(shop, made, outcomes={BOUGHT}, steps=unrecorded | {"COMMIT"}, mailed_twice=unrecorded)


class TestCancelOrder:
    STEPS = frozenset(
        {
            *("UPDATE orders_order", "UPDATE catalog_productvariant", "UPDATE catalog_product"),
            *("UPDATE pricing_discountcode", "COMMIT", "the response"),
        }
    )

    def test_it_was_pending(self, shop: Shop) -> None:
        made = []
        for purchase in purchases(shop):
            order = eventually(purchase.shopper.checkout)
            purchase.lose(partial(purchase.shopper.cancel, order, crash_at=purchase.step))
            eventually(partial(purchase.shopper.cancel, order))
            made.append(purchase)
        conclude(
            shop,
            made,
            outcomes={GIVEN_UP},
            steps=self.STEPS | {"POST /v1/payment_intents/…/cancel (reply lost)"},
        )

    def test_it_was_paid_and_nobody_tries_again(self, patient_shop: Shop) -> None:
        made = []
        for purchase in purchases(patient_shop):
            order = eventually(purchase.shopper.checkout)
            pay(order)
            patient_shop.deliver(after_seconds=LATER_SECONDS)
            purchase.lose(partial(purchase.shopper.cancel, order, crash_at=purchase.step))
            made.append(purchase)
        conclude(
            patient_shop,
            made,
            outcomes={PAID, REFUNDED},
            steps=self.STEPS
            | {"POST /v1/refunds", "POST /v1/refunds (reply lost)"}
            | {"INSERT orders_documentseries", "INSERT orders_document"},
        )


class TestExpireOrders:
    def test_it_runs_again(self, shop: Shop) -> None:
        made = []
        for purchase in purchases(shop):
            eventually(purchase.shopper.checkout)
            expire_pending()
            purchase.lose(partial(shop.run, "expire_orders", crash_at=purchase.step))
            eventually(partial(shop.run, "expire_orders"))
            made.append(purchase)
        conclude(
            shop,
            made,
            outcomes={GIVEN_UP},
            steps={"UPDATE orders_order", "UPDATE pricing_discountcode", "COMMIT", "the response"},
        )


class TestReconcilePayments:
    def test_it_runs_again(self, shop: Shop) -> None:
        made = []
        for purchase in purchases(shop):
            pay(eventually(purchase.shopper.checkout))
            forget_events(after_seconds=LATER_SECONDS)
            purchase.lose(partial(shop.run, "reconcile_payments", crash_at=purchase.step))
            eventually(partial(shop.run, "reconcile_payments"))
            made.append(purchase)
        conclude(shop, made, outcomes={BOUGHT}, steps={"UPDATE orders_order", "COMMIT", "the response"})
