"""A confirmation is sent until a mail server has accepted it, once."""

import smtplib
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from io import StringIO
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.core.management import call_command
from django.db import transaction
from django.utils import timezone

from orders.mail import LEASE, confirm
from orders.models import Order
from tests.conftest import GraphQLClient
from tests.factories import make_product
from tests.orders.conftest import ADDRESS, Bank, add_to_cart, checkout

pytestmark = pytest.mark.django_db

ACCEPT = EmailBackend.send_messages


def pay_order(bank: Bank, **shipping: str) -> UUID:
    api = GraphQLClient()
    add_to_cart(api, make_product(name="Lamp", price=Decimal("1234.50")))
    order = checkout(api, shipping={**ADDRESS, **shipping})
    bank.pay(order["uuid"])
    return UUID(order["uuid"])


def reconcile() -> str:
    out = StringIO()
    call_command("reconcile_payments", stdout=StringIO(), stderr=out)
    return out.getvalue().strip()


class TestConfirmation:
    def test_says_money_as_people_write_it(self, bank: Bank) -> None:
        pay_order(bank)
        [confirmation] = mail.outbox
        assert "1 × Lamp, $1,234.50" in confirmation.body
        assert "Total: $1,234.50" in confirmation.body

    def test_names_the_order_by_its_number(self, bank: Bank) -> None:
        order = Order.objects.get(pk=pay_order(bank, email="Bob@Example.com"))
        [confirmation] = mail.outbox
        assert f"your order {order.number}." in confirmation.body
        assert str(order.pk) not in confirmation.body
        assert confirmation.to == [order.email] == ["bob@example.com"]

    def test_is_refused_within_a_transaction(self) -> None:
        with pytest.raises(RuntimeError, match="no transaction open"), transaction.atomic():
            confirm(uuid4(), now=timezone.now())

    def test_is_sent_again_until_it_is_accepted(
        self, bank: Bank, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        refuse(monkeypatch, lambda to: True)
        order = pay_order(bank)
        assert Order.objects.get().status == "shipped"
        assert str(order) in caplog.text
        assert reconcile() == "1 confirmations could not be mailed. See the log."
        assert Order.objects.get().confirmation_mailed_at is None
        refuse(monkeypatch, lambda to: False)
        assert reconcile() == ""
        reconcile()
        assert len(mail.outbox) == 1
        assert Order.objects.get().confirmation_mailed_at is not None

    def test_one_that_fails_does_not_stop_the_others(
        self, bank: Bank, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        refuse(monkeypatch, lambda to: True)
        pay_order(bank, email="bad@example.com")
        pay_order(bank, email="good@example.com")
        refuse(monkeypatch, lambda to: False)
        refuse(monkeypatch, lambda to: to == "bad@example.com")
        assert reconcile() == "1 confirmations could not be mailed. See the log."
        assert [message.to for message in mail.outbox] == [["good@example.com"]]

    def test_what_somebody_is_sending_is_left_to_them(self, bank: Bank) -> None:
        order = pay_order(bank)
        mail.outbox.clear()
        now = timezone.now()
        Order.objects.update(confirmation_mailed_at=None, confirmation_claimed_at=now)
        confirm(order, now=now + LEASE)
        assert mail.outbox == []
        confirm(order, now=now + LEASE + timedelta(seconds=1))
        assert len(mail.outbox) == 1

    def test_an_unpaid_order_has_none(self, api: GraphQLClient) -> None:
        add_to_cart(api, make_product())
        confirm(UUID(checkout(api)["uuid"]), now=timezone.now())
        assert mail.outbox == []


def refuse(monkeypatch: pytest.MonkeyPatch, refuses: Callable[[str], bool]) -> None:
    """Make the mail server refuse the recipients that `refuses` names."""

    def send_messages(backend: EmailBackend, messages: Any) -> int:
        for message in messages:
            if refuses(message.to[0]):
                raise smtplib.SMTPRecipientsRefused({message.to[0]: (450, b"Not now.")})
        return ACCEPT(backend, messages)

    monkeypatch.setattr(EmailBackend, "send_messages", send_messages)
