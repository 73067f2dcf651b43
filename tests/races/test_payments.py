"""A payment against expiry, cancelling, the return page, and itself."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest
from django.db import connection, connections, transaction
from django.utils import timezone

from catalog.models import Product
from catalog.stock import Reason, return_stock
from orders import cancellation, services
from orders.audit import differences
from orders.errors import OrderNotCancellable
from orders.models import Order, OrderStatus, Payment, PaymentStatus, StripeEvent
from orders.owners import Owner
from orders.payments import settlement
from orders.payments.gateway import client
from orders.transitions import move
from packages.stripe_fake import FakeStripe
from tests.conftest import GraphQLClient
from tests.factories import make_product, make_user
from tests.orders.conftest import Bank, add_to_cart, checkout
from tests.races.conftest import at_once
from tests.races.interleaving import slip_in
from tests.tasks import outbox

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def product() -> Product:
    return make_product(stock=10)


@pytest.fixture
def owner() -> Owner:
    return Owner(user=make_user())


@pytest.fixture
def order(product: Product, owner: Owner) -> Order:
    """A pending order of one unit."""
    assert owner.user
    client = GraphQLClient()
    client.force_login(owner.user)
    add_to_cart(client, product)
    return Order.objects.get(pk=checkout(client)["uuid"])


def assert_shipped(order: Order, product: Product) -> None:
    """Check that the order is shipped once: one mail, one unit sold, and the books agree."""
    order.refresh_from_db()
    product.refresh_from_db()
    assert (order.status, product.stock, len(outbox)) == ("shipped", 9, 1)
    assert list(differences(now=timezone.now())) == []


def assert_cancelled(order: Order, product: Product) -> None:
    order.refresh_from_db()
    product.refresh_from_db()
    assert (order.status, product.stock, len(outbox)) == ("cancelled", 10, 0)
    assert list(differences(now=timezone.now())) == []


class TestSettle:
    def test_the_same_webhook_eight_times(self, order: Order, product: Product, bank: Bank) -> None:
        bank.fake.confirm(bank.intent(str(order.pk)))
        secret = "whsec_development"
        bodies: list[tuple[bytes, str]] = []

        def keep(body: bytes, signature: str) -> int:
            bodies.append((body, signature))
            return 200

        bank.fake.deliver_through(keep, secret=secret)
        posts = [partial(bank.post, body, signature) for body, signature in bodies for _ in range(8)]
        assert set(at_once(*posts)) == {200}
        assert_shipped(order, product)
        assert StripeEvent.objects.count() == len(bodies)

    def test_webhook_against_return_page(
        self, order: Order, product: Product, owner: Owner, bank: Bank
    ) -> None:
        bank.fake.confirm(bank.intent(str(order.pk)))
        refresh = partial(services.refresh_payment, owner=owner, order_uuid=order.pk, now=timezone.now())
        at_once(bank.deliver, refresh, refresh, refresh)
        assert_shipped(order, product)


class TestRetryPayment:
    def test_eight_at_once_make_one_attempt(
        self, order: Order, product: Product, owner: Owner, bank: Bank
    ) -> None:
        client().v1.payment_intents.cancel(bank.intent(str(order.pk)))
        bank.deliver()
        assert not Payment.objects.exclude(status=PaymentStatus.CANCELLED).exists()
        retry = partial(services.retry_payment, owner=owner, order_uuid=order.pk, now=timezone.now())
        at_once(*(retry for _ in range(8)))
        bank.pay(str(order.pk))
        assert_shipped(order, product)


class TestExpire:
    def test_success_comes_first(
        self, order: Order, product: Product, bank: Bank, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        pay = partial(bank.fake.confirm, bank.intent(str(order.pk)))
        slip_in(monkeypatch, cancellation, "cancel_intent", before=pay)
        assert cancellation.expire(order.pk, now=timezone.now()) is False
        bank.deliver()
        assert_shipped(order, product)

    def test_success_is_settled_before_the_order_is_closed(
        self, order: Order, product: Product, bank: Bank, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The intent can no longer be cancelled, and the webhook has already settled it."""
        slip_in(monkeypatch, cancellation, "cancel_intent", before=partial(bank.pay, str(order.pk)))
        assert cancellation.expire(order.pk, now=timezone.now()) is False
        assert_shipped(order, product)

    def test_the_shopper_is_too_late(
        self, order: Order, product: Product, bank: Bank, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Once the intent is cancelled, payment is impossible, although the order is not closed yet."""

        def try_to_pay() -> None:
            with pytest.raises(Exception, match="canceled"):
                bank.fake.confirm(Payment.objects.get(order=order).intent_id or "")

        slip_in(monkeypatch, cancellation, "close", before=try_to_pay)
        assert cancellation.expire(order.pk, now=timezone.now()) is True
        bank.deliver()
        assert_cancelled(order, product)

    def test_a_new_attempt_in_between_keeps_the_order(
        self, order: Order, product: Product, owner: Owner, bank: Bank, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        retry = partial(services.retry_payment, owner=owner, order_uuid=order.pk, now=timezone.now())
        slip_in(monkeypatch, cancellation, "close", before=retry)
        assert cancellation.expire(order.pk, now=timezone.now()) is False
        bank.pay(str(order.pk))
        assert_shipped(order, product)

    def test_eight_at_once(self, order: Order, product: Product) -> None:
        at_once(*(partial(cancellation.expire, order.pk, now=timezone.now()) for _ in range(8)))
        assert_cancelled(order, product)

    def test_against_success_for_real(self, order: Order, product: Product, bank: Bank) -> None:
        """The books agree, whichever comes first."""
        intent = bank.intent(str(order.pk))

        def pay() -> Any:
            try:
                bank.fake.confirm(intent)
            except Exception as refusal:  # ApiError of the fake: the intent is cancelled
                return refusal
            return bank.deliver()

        at_once(pay, partial(cancellation.expire, order.pk, now=timezone.now()))
        order.refresh_from_db()
        if order.status == "shipped":
            assert_shipped(order, product)
        else:
            assert_cancelled(order, product)


class TestCancelOrder:
    def test_success_comes_first(
        self, order: Order, product: Product, owner: Owner, bank: Bank, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        pay = partial(bank.fake.confirm, bank.intent(str(order.pk)))
        slip_in(monkeypatch, cancellation, "cancel_intent", before=pay)
        with pytest.raises(OrderNotCancellable):
            services.cancel_order(owner=owner, order_uuid=order.pk, now=timezone.now())
        bank.deliver()
        assert_shipped(order, product)

    def test_paid_order_twice_at_once_is_refunded_once(
        self, order: Order, product: Product, owner: Owner, bank: Bank, settings: Any
    ) -> None:
        settings.STORE_SHIP_ON_PAYMENT = False
        bank.pay(str(order.pk))
        cancel = partial(services.cancel_order, owner=owner, order_uuid=order.pk, now=timezone.now())
        at_once(cancel, cancel, cancel, cancel)
        bank.deliver()
        order.refresh_from_db()
        product.refresh_from_db()
        payment = Payment.objects.get()
        assert (order.status, product.stock) == ("refunded", 10)
        assert (payment.status, payment.refunded, payment.refunds.count()) == ("refunded", payment.amount, 1)
        assert list(differences(now=timezone.now())) == []


class TestLateSuccess:
    def test_money_for_a_cancelled_order_goes_back_once(
        self, order: Order, product: Product, bank: Bank
    ) -> None:
        """Our order of steps prevents this, but another program with the same Stripe account could cause it."""
        intent = bank.intent(str(order.pk))
        Payment.objects.update(status=PaymentStatus.CANCELLED)
        cancellation.close(order.pk, from_statuses=cancellation.CANCELLABLE, now=timezone.now())
        bank.fake.confirm(intent)
        at_once(*(partial(settlement.settle, intent, now=timezone.now()) for _ in range(4)))
        bank.deliver()
        order.refresh_from_db()
        product.refresh_from_db()
        payment = Payment.objects.get()
        assert (order.status, product.stock, len(outbox)) == ("refunded", 10, 1)
        assert (payment.refunded, payment.refunds.count()) == (payment.amount, 1)
        assert list(differences(now=timezone.now())) == []


class TestApply:
    def test_waits_for_who_is_giving_the_order_up(self, order: Order, product: Product, bank: Bank) -> None:
        """If it had read the order earlier, it would keep the money of a cancelled order."""
        intent = bank.intent(str(order.pk))
        bank.fake.confirm(intent)

        def settle() -> None:
            try:
                settlement.settle(intent, now=timezone.now())
            finally:
                connections.close_all()

        with ThreadPoolExecutor(1) as pool:
            with transaction.atomic():
                Order.objects.select_for_update().get(pk=order.pk)
                move(order.pk, OrderStatus.CANCELLED, now=timezone.now())
                return_stock(order_uuid=order.pk, reason=Reason.RETURNED, now=timezone.now(), held=True)
                settled = pool.submit(settle)
                with pytest.raises(TimeoutError):
                    settled.result(timeout=0.5)
            settled.result(timeout=30)
        order.refresh_from_db()
        product.refresh_from_db()
        assert (order.status, product.stock) == ("refunded", 10)
        assert list(differences(now=timezone.now())) == []


class TestTransactions:
    def test_none_is_open_while_stripe_is_asked(
        self, product: Product, owner: Owner, bank: Bank, monkeypatch: pytest.MonkeyPatch, settings: Any
    ) -> None:
        """A slow Stripe must never keep rows locked, in checkout, webhook, return page, cancelling or refund."""
        settings.STORE_SHIP_ON_PAYMENT = False
        asked: list[str] = []
        request = FakeStripe.request

        def watch(transport: FakeStripe, method: str, url: str, *arguments: Any, **options: Any) -> Any:
            assert not connection.in_atomic_block
            asked.append(f"{method} {url.split('?')[0].split('/v1/')[1].split('/')[0]}")
            return request(transport, method, url, *arguments, **options)

        monkeypatch.setattr(FakeStripe, "request", watch)
        assert owner.user
        client = GraphQLClient()
        client.force_login(owner.user)
        add_to_cart(client, product)
        order = Order.objects.get(pk=checkout(client)["uuid"])
        services.refresh_payment(owner=owner, order_uuid=order.pk, now=timezone.now())
        bank.pay(str(order.pk))
        services.cancel_order(owner=owner, order_uuid=order.pk, now=timezone.now())
        order.refresh_from_db()
        assert order.status == "refunded"
        assert set(asked) == {
            "post payment_intents",
            "get payment_intents",
            "get refunds",
            "post refunds",
        }
