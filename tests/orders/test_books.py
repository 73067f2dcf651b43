"""The books are right after every step of shoppers, the bank, the staff and the clock, in any order."""

import os
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection, transaction
from django.test import override_settings
from django.utils import timezone
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from catalog.models import Product
from core.errors import DomainError, RateLimited
from orders import cancellation, refunding, services
from orders.audit import differences, differences_here
from orders.cart import ShoppingCart
from orders.checkout import checkout
from orders.choices import Choice
from orders.models import Order, Payment
from orders.owners import Owner
from orders.payments.gateway import fake, patiently
from orders.payments.reconciliation import reconcile, unfinished_payments
from packages.stripe_fake import ApiError
from tests.factories import make_details, make_product, make_user, set_stock
from tests.orders.conftest import Bank
from tests.tasks import run_tasks

pytestmark = pytest.mark.django_db

OUTCOMES = st.sampled_from(["succeeded", "declined", "requires_action", "processing"])
FAULTS = st.sampled_from(["timeout", "lost_reply", "server_error_stored", "server_error_after_effect"])
EVENT_FAULTS = st.sampled_from(["event_duplicated", "event_reordered", "event_dropped"])


class Books(RuleBasedStateMachine):
    """A state machine of two shoppers, two scarce products, and a bank that sometimes fails."""

    orders = Bundle("orders")

    def __init__(self) -> None:
        super().__init__()
        self.folder = TemporaryDirectory()
        self.settings = override_settings(STRIPE_FAKE_DB=Path(self.folder.name) / "stripe.sqlite3")
        self.settings.enable()
        self.transaction = transaction.atomic()
        self.transaction._from_testcase = True  # type: ignore[attr-defined]  # durable ones may nest, as in TestCase
        self.transaction.__enter__()
        self.bank = Bank()
        self.written = True
        self.watch = connection.execute_wrapper(self.note_write)
        self.watch.__enter__()

    def note_write(self, execute: Callable[..., Any], sql: str, *args: Any) -> Any:
        self.written |= sql.startswith(("INSERT", "UPDATE", "DELETE"))
        return execute(sql, *args)

    def teardown(self) -> None:
        """At the end, the bank answers again, interrupted work is finished, and the audit finds no difference."""
        try:
            self.bank.fake.clear_faults()
            with patiently():  # as the commands do, without the circuit breaker
                # An attempt that Stripe always answers with 500 is replaced first.
                for payment in unfinished_payments():
                    reconcile(payment, now=timezone.now())
                assert all(reconcile(payment, now=timezone.now()) for payment in unfinished_payments())
                run_tasks()
                assert list(differences(now=timezone.now())) == []
        finally:
            self.watch.__exit__(None, None, None)
            transaction.set_rollback(True)
            self.transaction.__exit__(None, None, None)
            self.settings.disable()
            self.folder.cleanup()

    @initialize()
    def open_the_shop(self) -> None:
        self.products = [make_product(stock=3), make_product(stock=5)]
        self.shoppers = [Owner(user=make_user()), Owner(visitor=uuid4())]

    # ── Steps of shoppers ─────────────────────────────────────────────────────

    @rule(shopper=st.integers(0, 1), product=st.integers(0, 1), quantity=st.integers(1, 3))
    def add_to_cart(self, shopper: int, product: int, quantity: int) -> None:
        with suppress(DomainError):
            ShoppingCart(self.shoppers[shopper]).add(
                Choice(self.products[product].pk, by_product=True), quantity, now=timezone.now()
            )

    @rule(target=orders, shopper=st.integers(0, 1), key=st.integers(0, 3))
    def checkout(self, shopper: int, key: int) -> tuple[int, UUID | None]:
        """Check out, sometimes with a key that was used before."""
        try:
            uuid = checkout(
                address="127.0.0.1",
                owner=self.shoppers[shopper],
                details=make_details(),
                idempotency_key=UUID(int=key),
                expected_total=None,
                now=timezone.now(),
            )
        except (DomainError, RateLimited):
            return shopper, None
        return shopper, uuid

    @rule(order=orders, outcome=OUTCOMES)
    def pay(self, order: tuple[int, UUID | None], outcome: str) -> None:
        with suppress(ApiError):
            for payment in Payment.objects.filter(order=order[1], intent_id__isnull=False):
                self.bank.fake.confirm(payment.intent_id or "", outcome)  # type: ignore[arg-type]  # sampled

    @rule(order=orders, outcome=st.sampled_from(["succeeded", "declined"]))
    def complete(self, order: tuple[int, UUID | None], outcome: str) -> None:
        with suppress(ApiError):
            for payment in Payment.objects.filter(order=order[1], intent_id__isnull=False):
                self.bank.fake.complete(payment.intent_id or "", outcome)  # type: ignore[arg-type]  # sampled

    @rule(order=orders)
    def retry_payment(self, order: tuple[int, UUID | None]) -> None:
        if order[1]:
            with suppress(DomainError):
                services.retry_payment(owner=self.shoppers[order[0]], order_uuid=order[1], now=timezone.now())

    @rule(order=orders)
    def refresh_payment(self, order: tuple[int, UUID | None]) -> None:
        if order[1]:
            with suppress(DomainError):
                services.refresh_payment(
                    owner=self.shoppers[order[0]], order_uuid=order[1], now=timezone.now()
                )

    @rule(order=orders)
    def cancel(self, order: tuple[int, UUID | None]) -> None:
        if order[1]:
            with suppress(DomainError):
                services.cancel_order(owner=self.shoppers[order[0]], order_uuid=order[1], now=timezone.now())

    # ── Steps of the staff, the clock and the bank ────────────────────────────

    @rule(order=orders)
    def expire(self, order: tuple[int, UUID | None]) -> None:
        if order[1] and Order.objects.filter(pk=order[1], status="pending").exists():
            cancellation.expire(order[1], now=timezone.now() + timedelta(hours=1))

    @rule(order=orders, amount=st.sampled_from(["0.01", "5.00", "10.00", "30.00"]))
    def refund(self, order: tuple[int, UUID | None], amount: str) -> None:
        if order[1]:
            with suppress(DomainError):
                refunding.refund(order_uuid=order[1], amount=Decimal(amount), now=timezone.now())

    @rule(product=st.integers(0, 1), stock=st.integers(0, 5))
    def restock(self, product: int, stock: int) -> None:
        set_stock(Product.objects.get(pk=self.products[product].pk), stock, now=timezone.now())

    @rule()
    def deliver(self) -> None:
        self.bank.deliver()

    @rule(fault=FAULTS, times=st.integers(1, 4))
    def inject_a_fault(self, fault: str, times: int) -> None:
        fake().inject(fault, times=times)  # type: ignore[arg-type]  # sampled

    @rule(fault=EVENT_FAULTS)
    def lose_or_double_an_event(self, fault: str) -> None:
        fake().inject(fault)  # type: ignore[arg-type]  # sampled

    @invariant()
    def the_books_are_right(self) -> None:
        """Audit the books, unless the step has written nothing: auditing takes most of the time."""
        if self.written:
            assert list(differences_here()) == []
        self.written = False


@pytest.mark.slow
@pytest.mark.parametrize("ship_on_payment", [True, False])
def test_the_books(ship_on_payment: bool) -> None:
    examples = int(os.environ.get("BOOKS_EXAMPLES", "15"))
    with override_settings(STORE_SHIP_ON_PAYMENT=ship_on_payment):
        run_state_machine_as_test(
            Books,
            settings=settings(
                max_examples=examples,
                stateful_step_count=30,
                deadline=None,
                suppress_health_check=list(HealthCheck),
            ),
        )
