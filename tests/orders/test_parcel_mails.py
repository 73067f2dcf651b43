"""The mails about parcels and returns, and what every mail about an order ends with."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.core.mail import EmailMessage
from django.db import IntegrityError, transaction
from django.utils import timezone
from pytest_django import Settings

from core.errors import ValidationError
from orders.errors import ReturnNotPossible
from orders.events import SHOP
from orders.fulfilment import ship
from orders.mail import promise_mail, send_again, send_promised
from orders.models import Fulfilment, Order, OrderMail, Return, ReturnStatus
from orders.owners import Owner
from orders.parcels import Parcel
from orders.returns import decide, receive, refund_return, request_return
from policies.models import Policy
from tests.conftest import GraphQLClient
from tests.factories import make_product
from tests.orders.conftest import Bank, add_to_cart, checkout, nothing_changes
from tests.tasks import outbox, run_tasks

pytestmark = pytest.mark.django_db

Kind = OrderMail.Kind


@pytest.fixture
def order(api: GraphQLClient, bank: Bank, settings: Settings) -> Order:
    """A paid order of 2 lamps and a shade, whose confirmation is sent."""
    settings.STORE_SHIP_ON_PAYMENT = False
    settings.STORE_MAILS_PER_HOUR = 20
    add_to_cart(api, make_product(name="Lamp", price=Decimal(10)), 2)
    add_to_cart(api, make_product(name="Shade"))
    uuid = checkout(api)["uuid"]
    bank.pay(uuid)
    run_tasks()
    return Order.objects.get(pk=uuid)


@pytest.fixture
def shipped(order: Order) -> Order:
    ship(order, now=timezone.now())
    run_tasks()
    order.refresh_from_db()
    return order


def texts_of(mail: EmailMessage) -> list[str]:
    """Return the plain text and the HTML."""
    return [str(mail.body), mail.alternatives[0][0]]  # type: ignore[attr-defined]


def send(order: Order, quantities: dict[int, int], **parcel: str) -> None:
    ship(order, parcel=Parcel(quantities=quantities, **parcel), now=timezone.now())


def ask(order: Order, *, reason: str = "", now: datetime | None = None) -> Return:
    """Ask for the return of a lamp."""
    owner, lamp = Owner(visitor=order.visitor), order.items.all()[0]
    request_return(
        owner=owner, order_uuid=order.pk, quantities=[(lamp.pk, 1)], reason=reason, now=now or timezone.now()
    )
    return Return.objects.latest("pk")


class TestParcels:
    def test_each_that_leaves_has_its_own(self, order: Order) -> None:
        lamp, shade = order.items.all()
        send(order, {lamp.pk: 1}, carrier="DHL", tracking_number="0034")
        run_tasks()
        send(order, {lamp.pk: 1, shade.pk: 1}, carrier="By bicycle", tracking_url="https://bike.example/7")
        _, first, second = outbox
        assert "a part of your order is on its way" in first.subject
        for text in texts_of(first):
            for part in ("1 × Lamp", "The rest follows", "DHL", "0034", "tracking-id=0034"):
                assert part in text
            assert "Shade" not in text
        for text in texts_of(second):
            for part in ("1 × Lamp", "1 × Shade", "By bicycle", "https://bike.example/7"):
                assert part in text
            assert "The rest follows" not in text

    def test_of_the_whole_order_says_so(self, order: Order) -> None:
        ship(order, now=timezone.now())
        _, mail = outbox
        assert "your order is on its way" in mail.subject
        for text in texts_of(mail):
            assert "We have sent your order." in text
            assert "2 × Lamp" in text

    def test_is_sent_once_and_again_when_the_staff_want_it(self, order: Order) -> None:
        lamp, _ = order.items.all()
        send(order, {lamp.pk: 1})
        run_tasks()
        promised = OrderMail.objects.get(kind=Kind.SHIPPED)
        send_promised.call(promised.pk)
        assert len(outbox) == 2
        send_again(promised.pk, now=timezone.now())
        assert len(outbox) == 3
        assert "1 × Lamp" in outbox[2].body

    def test_two_of_one_are_refused_by_the_database(self, order: Order) -> None:
        ship(order, now=timezone.now())
        with pytest.raises(IntegrityError), transaction.atomic():
            promise_mail(order.pk, Kind.SHIPPED, fulfilment=Fulfilment.objects.get(), now=timezone.now())
        with pytest.raises(IntegrityError), transaction.atomic():
            promise_mail(order.pk, Kind.CANCELLED, fulfilment=Fulfilment.objects.get(), now=timezone.now())

    def test_one_that_is_refused_has_none(self, order: Order) -> None:
        lamp, _ = order.items.all()
        with nothing_changes(), pytest.raises(ValidationError):
            send(order, {lamp.pk: 3})
        assert not OrderMail.objects.filter(kind=Kind.SHIPPED).exists()

    def test_keeps_its_words_when_the_product_is_gone(self, order: Order) -> None:
        send(order, {order.items.all()[0].pk: 2})
        product = order.items.all()[0].product
        assert product
        product.delete()
        assert "2 × Lamp" in outbox[1].body


class TestReturns:
    def test_the_request_has_a_receipt_with_its_time(self, shipped: Order, settings: Settings) -> None:
        settings.TIME_ZONE = "Europe/Berlin"
        timezone.activate("Europe/Berlin")
        now = datetime(2026, 11, 28, 23, 30, tzinfo=UTC)
        Fulfilment.objects.update(shipped_at=now)
        ask(shipped, reason="Too small", now=now)
        mail = outbox[2]
        timezone.deactivate()
        assert "received your return request" in mail.subject
        for text in texts_of(mail):
            for part in ("Nov. 29, 2026, 12:30 a.m.", "(CET)", "1 × Lamp", "Too small"):
                assert part in text

    def test_a_reason_is_short_and_links_nowhere(self, shipped: Order) -> None:
        ask(shipped, reason="See https://evil.example/ <b>" + "x" * 500)
        assert "&lt;b&gt;" in texts_of(outbox[2])[1]
        for text in texts_of(outbox[2]):
            assert "evil.example" not in text
            assert "x" * 200 not in text

    def test_each_step_has_one(self, shipped: Order, settings: Settings, bank: Bank) -> None:
        settings.STORE_ADDRESS = ["1 High Street", "London"]
        asked = ask(shipped)
        decide(asked, to=ReturnStatus.APPROVED, now=timezone.now(), by=SHOP)
        receive(asked, back={}, now=timezone.now(), by=SHOP)
        refund_return(asked, with_delivery=False, now=timezone.now(), by=SHOP)
        bank.deliver()
        *_, requested, approved, received, refunded = outbox
        assert "return request" in requested.subject
        assert "please send your return" in approved.subject
        for text in texts_of(approved):
            for part in ("1 × Lamp", "1 High Street", shipped.number, "1.", "2.", "3."):
                assert part in text
        assert "your return has arrived" in received.subject
        assert "$10.00 refunded" in refunded.subject
        assert len(outbox) == 6

    def test_one_that_is_declined_says_so(self, shipped: Order) -> None:
        decide(ask(shipped), to=ReturnStatus.DECLINED, now=timezone.now(), by=SHOP)
        for text in texts_of(outbox[3]):
            assert "do not take these goods back" in text

    def test_each_of_two_has_its_own(self, shipped: Order) -> None:
        for _ in range(2):
            decide(ask(shipped), to=ReturnStatus.APPROVED, now=timezone.now(), by=SHOP)
        assert OrderMail.objects.filter(kind=Kind.RETURN_APPROVED).count() == 2
        assert len(outbox) == 6

    def test_a_step_that_is_refused_has_none(self, shipped: Order) -> None:
        asked = ask(shipped)
        decide(asked, to=ReturnStatus.APPROVED, now=timezone.now(), by=SHOP)
        promised = OrderMail.objects.count()
        with nothing_changes(), pytest.raises(ReturnNotPossible):
            decide(asked, to=ReturnStatus.DECLINED, now=timezone.now(), by=SHOP)
        assert OrderMail.objects.count() == promised


class TestPolicies:
    def test_are_linked_if_the_shop_has_them(self, order: Order, settings: Settings) -> None:
        settings.STORE_FRONTEND_URL = "https://shop.example/"
        shown: dict[str, Any] = {"body": "Text", "updated_at": timezone.now()}
        Policy.objects.create(slug="returns", title="Returns & refunds", position=1, **shown)
        Policy.objects.create(slug="imprint", title="Imprint", **shown)
        Policy.objects.create(slug="terms", title="Terms", **{**shown, "body": ""})
        Policy.objects.create(slug="jobs", title="Jobs", **shown)
        ship(order, now=timezone.now())
        before, after = outbox
        assert "/policies/" not in "".join(texts_of(before))
        text, html = texts_of(after)
        assert text.rstrip("\n").endswith(
            "Imprint: https://shop.example/policies/imprint\n"
            "Returns & refunds: https://shop.example/policies/returns"
        )
        assert ">Returns &amp; refunds</a>" in html
        assert html.count("https://shop.example/policies/") == 2
