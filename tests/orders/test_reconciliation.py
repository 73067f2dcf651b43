"""Work that a crash or an outage has interrupted is finished later, once."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.core.management import call_command
from django.utils import timezone

from orders.audit import differences
from orders.models import Order, Payment
from tests.conftest import GraphQLClient
from tests.factories import make_product
from tests.orders.conftest import Bank, add_to_cart, checkout
from tests.tasks import outbox

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
        assert (Order.objects.get().status, len(outbox)) == ("shipped", 1)

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

    def test_nothing_long_or_linked_that_a_stranger_typed_is_mailed(self, uuid: str, bank: Bank) -> None:
        order = Order.objects.get()
        assert order.shipping is not None
        order.shipping.first_name = "https://evil.example/" + "x" * 70
        order.shipping.save()
        order.items.update(name="Win at evil.example " + "y" * 170)
        call_command("reconcile_payments")
        bank.pay(uuid)
        [confirmation] = outbox
        assert "evil.example" not in confirmation.body
        ours = f"{settings.STORE_FRONTEND_URL}/orders/{uuid}?token="
        [link] = [line for line in str(confirmation.body).splitlines() if "://" in line]
        assert link.startswith(ours)
        assert max(len(line) for line in str(confirmation.body).splitlines() if line != link) < 110

    def test_leaves_it_for_later_while_stripe_is_down(
        self, uuid: str, bank: Bank, capsys: pytest.CaptureFixture[str]
    ) -> None:
        bank.fake.inject("timeout", times=None)
        call_command("reconcile_payments")
        assert "0 payments reconciled, 1 left for later." in capsys.readouterr().out
        assert Payment.objects.get().intent_id is None
