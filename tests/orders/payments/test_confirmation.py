"""The mail that confirms a payment."""

from decimal import Decimal
from typing import Any

import pytest
from django.core.mail.backends.base import BaseEmailBackend
from django.db import connection
from pytest_django import Settings

from orders.models import Order
from tests.conftest import GraphQLClient
from tests.factories import make_product
from tests.orders.conftest import ADDRESS, Bank
from tests.orders.payments.conftest import (
    buy,
    cancel,
    deliver_again,
    order,
    refresh,
)
from tests.tasks import outbox, run_tasks

pytestmark = pytest.mark.django_db


class WatchingBackend(BaseEmailBackend):
    """A mail backend that records whether a transaction is open."""

    in_transaction: list[bool] = []

    def send_messages(self, email_messages: Any) -> int:
        self.in_transaction.append(connection.in_atomic_block)
        return len(email_messages)


class BrokenBackend(BaseEmailBackend):
    def send_messages(self, email_messages: Any) -> int:
        raise ConnectionRefusedError


class TestConfirmationMail:
    def test_one(self, api: GraphQLClient, bank: Bank, uuid: str) -> None:
        assert outbox == []
        bank.pay(uuid)
        deliver_again(bank)
        refresh(api, uuid)
        [confirmation] = outbox
        assert confirmation.to == [ADDRESS["email"]]
        for part in ("Ada", Order.objects.get(pk=uuid).number, "2 × Lamp, $10.00", "Total: $20.00"):
            assert part in confirmation.body

    def test_none_before_it_is_paid(self, api: GraphQLClient, bank: Bank, uuid: str) -> None:
        bank.pay(uuid, "declined")
        bank.pay(uuid, "requires_action")
        assert outbox == []

    def test_none_for_an_order_that_was_given_up(self, api: GraphQLClient, bank: Bank, uuid: str) -> None:
        cancel(api, uuid)
        bank.deliver()
        assert outbox == []

    def test_is_sent_after_the_commit(
        self, api: GraphQLClient, bank: Bank, settings: Settings, transactional_db: None
    ) -> None:
        settings.EMAIL_BACKEND = f"{__name__}.WatchingBackend"
        WatchingBackend.in_transaction.clear()
        uuid = buy(api, make_product())
        bank.pay(uuid)
        free = make_product(discount=Decimal(100))
        buy(api, free)
        run_tasks()
        assert WatchingBackend.in_transaction == [False, False]

    def test_a_mail_server_that_is_down_is_no_failure(
        self, api: GraphQLClient, bank: Bank, uuid: str, settings: Settings
    ) -> None:
        settings.EMAIL_BACKEND = f"{__name__}.BrokenBackend"
        bank.fake.confirm(bank.intent(uuid))
        assert set(bank.deliver()) == {200}
        run_tasks()
        assert order(api, uuid)["status"] == "SHIPPED"
