"""A confirmation is sent until a mail server has accepted it, once."""

import smtplib
from collections.abc import Callable
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from django.conf import settings
from django.core.mail.backends.locmem import EmailBackend
from django.db import connection, transaction
from django.utils import timezone
from django_tasks_db.models import DBTaskResult
from pytest_django import Settings

from orders.mail import promise_mail, send_promised
from orders.models import Order, OrderMail, OrderStatus
from tests.conftest import GraphQLClient
from tests.factories import make_product
from tests.orders.conftest import ADDRESS, Bank, add_to_cart, checkout
from tests.tasks import outbox, run_tasks, skip_pauses

pytestmark = pytest.mark.django_db

ACCEPT = EmailBackend.send_messages


def pay_order(bank: Bank, **shipping: str) -> UUID:
    api = GraphQLClient()
    add_to_cart(api, make_product(name="Lamp", price=Decimal("1234.50")))
    order = checkout(api, shipping={**ADDRESS, **shipping})
    bank.pay(order["uuid"])
    return UUID(order["uuid"])


def try_later() -> None:
    skip_pauses()
    run_tasks()


class TestConfirmation:
    def test_says_money_as_people_write_it(self, bank: Bank) -> None:
        pay_order(bank)
        [confirmation] = outbox
        assert "1 × Lamp, $1,234.50" in confirmation.body
        assert "Total: $1,234.50" in confirmation.body

    def test_names_the_order_by_its_number(self, bank: Bank) -> None:
        order = Order.objects.get(pk=pay_order(bank, email="Bob@Example.com"))
        [confirmation] = outbox
        assert f"your order {order.number}." in confirmation.body
        without_link, _, _ = confirmation.body.partition(settings.STORE_FRONTEND_URL)
        assert str(order.pk) not in without_link
        assert confirmation.to == [order.email] == ["bob@example.com"]

    def test_is_sent_by_the_task_and_not_in_the_request(self, bank: Bank, mailoutbox: list[Any]) -> None:
        order = pay_order(bank)
        assert mailoutbox == []
        assert OrderMail.objects.get().mailed_at is None
        run_tasks()
        assert len(mailoutbox) == 1
        assert OrderMail.objects.get(order=order).mailed_at is not None

    def test_of_what_was_rolled_back_is_never_sent(self, bank: Bank) -> None:
        order = pay_order(bank)
        OrderMail.objects.all().delete()
        DBTaskResult.objects.all().delete()
        with transaction.atomic():
            promise_mail(order, OrderMail.Kind.CONFIRMATION, now=timezone.now())
            transaction.set_rollback(True)
        assert (OrderMail.objects.count(), len(outbox)) == (0, 0)

    def test_is_sent_again_until_it_is_accepted(self, bank: Bank, monkeypatch: pytest.MonkeyPatch) -> None:
        refuse(monkeypatch, lambda to: True)
        pay_order(bank)
        run_tasks()
        assert Order.objects.get().status == "shipped"
        assert OrderMail.objects.get().mailed_at is None
        refuse(monkeypatch, lambda to: False)
        run_tasks()
        assert outbox == []  # its pause is not over
        try_later()
        try_later()
        assert len(outbox) == 1

    def test_one_that_fails_does_not_stop_the_others(
        self, bank: Bank, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        refuse(monkeypatch, lambda to: to == "bad@example.com")
        pay_order(bank, email="bad@example.com")
        pay_order(bank, email="good@example.com")
        run_tasks()
        assert [message.to for message in outbox] == [["good@example.com"]]

    def test_an_address_that_no_longer_passes_stops_nobody(self, bank: Bank) -> None:
        spoilt = pay_order(bank)
        with connection.cursor() as cursor:  # a row may be older than the normalization of addresses
            cursor.execute(
                "UPDATE orders_order SET email = %s WHERE number = %s",
                ["a@" + "ü" * 60 + ".com", Order.objects.get(pk=spoilt).number],
            )
        pay_order(bank)
        assert len(outbox) == 1
        assert OrderMail.objects.get(mailed_at=None).order_id == spoilt

    def test_running_twice_sends_one(self, bank: Bank) -> None:
        pay_order(bank)
        run_tasks()
        send_promised.call(OrderMail.objects.get().pk)
        assert len(outbox) == 1

    def test_beyond_the_recipients_limit_it_is_sent_later(self, bank: Bank, settings: Settings) -> None:
        settings.STORE_MAILS_PER_HOUR = 0
        pay_order(bank)
        assert (Order.objects.get().status, len(outbox)) == ("shipped", 0)
        wait = DBTaskResult.objects.get().run_after - timezone.now()
        assert 0 < wait.total_seconds() <= 3600
        settings.STORE_MAILS_PER_HOUR = 5
        try_later()
        assert len(outbox) == 1

    def test_an_unpaid_order_has_none(self, api: GraphQLClient) -> None:
        add_to_cart(api, make_product())
        checkout(api)
        assert (OrderMail.objects.count(), len(outbox)) == (0, 0)

    def test_an_order_that_was_cancelled_before_has_none(self, bank: Bank) -> None:
        order = pay_order(bank)
        Order.objects.filter(pk=order).update(status=OrderStatus.CANCELLED)
        assert outbox == []
        assert OrderMail.objects.count() == 0

    def test_an_order_that_is_gone_has_none(self) -> None:
        send_promised.call(12345)
        assert outbox == []


def refuse(monkeypatch: pytest.MonkeyPatch, refuses: Callable[[str], bool]) -> None:
    """Make the mail server refuse the recipients that `refuses` names."""

    def send_messages(backend: EmailBackend, messages: Any) -> int:
        for message in messages:
            if refuses(message.to[0]):
                raise smtplib.SMTPRecipientsRefused({message.to[0]: (450, b"Not now.")})
        return ACCEPT(backend, messages)

    monkeypatch.setattr(EmailBackend, "send_messages", send_messages)
