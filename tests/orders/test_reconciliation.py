"""Work that a crash or an outage has interrupted is finished later, once."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core import mail
from django.core.management import call_command
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from orders.audit import differences
from orders.models import Order, Payment
from tests.conftest import GraphQLClient
from tests.factories import make_product
from tests.orders.conftest import Bank, add_to_cart, checkout

pytestmark = pytest.mark.django_db


@pytest.fixture
def uuid(api: GraphQLClient, bank: Bank) -> str:
    """A pending order whose checkout died before Stripe was called."""
    bank.fake.inject("timeout", times=None)
    add_to_cart(api, make_product(stock=10))
    placed: str = checkout(api)["uuid"]
    bank.fake.clear_faults()
    assert Payment.objects.get().intent_id is None
    return placed


class TestReconcilePayments:
    def test_makes_the_intent_that_was_cut_off(self, uuid: str, bank: Bank) -> None:
        call_command("reconcile_payments")
        bank.pay(uuid)
        assert Order.objects.get().status == "shipped"
        assert list(differences(now=timezone.now())) == []

    def test_settles_what_no_webhook_told(self, uuid: str, bank: Bank) -> None:
        call_command("reconcile_payments")
        bank.fake.confirm(bank.intent(uuid))
        call_command("reconcile_payments")
        call_command("reconcile_payments")
        assert (Order.objects.get().status, len(mail.outbox)) == ("shipped", 1)

    def test_finds_the_intent_of_a_key_that_stripe_has_forgotten(self, uuid: str, bank: Bank) -> None:
        """The process died after Stripe had created the intent. A day later, the key would create a second one."""
        call_command("reconcile_payments")
        intent = bank.intent(uuid)
        Payment.objects.update(
            intent_id=None, client_secret="", created_at=timezone.now() - timedelta(hours=25)
        )
        call_command("reconcile_payments")
        assert Payment.objects.get().intent_id == intent
        assert [event["type"] for event in bank.fake.events()] == ["payment_intent.created"]

    def test_replaces_an_attempt_of_a_forgotten_key_that_was_never_made(self, uuid: str, bank: Bank) -> None:
        Payment.objects.update(created_at=timezone.now() - timedelta(hours=25))
        call_command("reconcile_payments")
        call_command("reconcile_payments")
        assert Payment.objects.filter(status="cancelled", intent_id=None).count() == 1
        bank.pay(uuid)
        assert Order.objects.get().status == "shipped"

    def test_mails_what_a_crash_kept_from_being_mailed(self, uuid: str, bank: Bank) -> None:
        call_command("reconcile_payments")
        bank.pay(uuid)
        mail.outbox.clear()
        Order.objects.update(confirmation_mailed_at=None)
        call_command("reconcile_payments")
        call_command("reconcile_payments")
        assert len(mail.outbox) == 1

    def test_one_order_that_cannot_be_mailed_does_not_stop_the_others(
        self, uuid: str, api: GraphQLClient, bank: Bank, caplog: pytest.LogCaptureFixture
    ) -> None:
        add_to_cart(api, make_product(stock=1))
        other = checkout(api)["uuid"]
        call_command("reconcile_payments")
        for order_uuid in (uuid, other):
            bank.pay(order_uuid)
        mail.outbox.clear()
        Order.objects.update(confirmation_mailed_at=None)
        spoilt = min(uuid, other)
        with connection.cursor() as cursor:  # a row may be older than the normalization of addresses
            cursor.execute(
                "UPDATE orders_order SET email = %s WHERE number = %s",
                ["a@" + "ü" * 60 + ".com", Order.objects.get(pk=spoilt).number],
            )
        errors = StringIO()
        call_command("reconcile_payments", stderr=errors)
        assert errors.getvalue() == "1 confirmations could not be mailed. See the log.\n"
        assert len(mail.outbox) == 1
        assert spoilt in caplog.text

    def test_a_confirmation_beyond_the_recipients_limit_is_sent_later(
        self, uuid: str, bank: Bank, settings: Settings
    ) -> None:
        settings.STORE_MAILS_PER_HOUR = 0
        call_command("reconcile_payments")
        bank.pay(uuid)
        assert (Order.objects.get().status, len(mail.outbox)) == ("shipped", 0)
        settings.STORE_MAILS_PER_HOUR = 5
        call_command("reconcile_payments")
        assert len(mail.outbox) == 1

    def test_nothing_long_or_linked_that_a_stranger_typed_is_mailed(self, uuid: str, bank: Bank) -> None:
        order = Order.objects.get()
        assert order.shipping is not None
        order.shipping.first_name = "https://evil.example/" + "x" * 70
        order.shipping.save()
        order.items.update(name="Win at evil.example " + "y" * 170)
        call_command("reconcile_payments")
        bank.pay(uuid)
        [confirmation] = mail.outbox
        assert "evil.example" not in confirmation.body
        assert "://" not in confirmation.body
        assert max(map(len, str(confirmation.body).splitlines())) < 110

    def test_leaves_it_for_later_while_stripe_is_down(
        self, uuid: str, bank: Bank, capsys: pytest.CaptureFixture[str]
    ) -> None:
        bank.fake.inject("timeout", times=None)
        call_command("reconcile_payments")
        assert "0 payments reconciled, 1 left for later." in capsys.readouterr().out
        assert Payment.objects.get().intent_id is None
