"""Many payments at once: the numbers of invoices have no gap and no double, also if some are rolled back."""

from functools import partial
from itertools import count

import pytest
from django.utils import timezone

from orders.audit import differences
from orders.documents import issuing
from orders.models import Document, DocumentKind
from orders.payments.gateway import client
from orders.payments.settlement import IntentState, apply, fetch_state
from tests.conftest import GraphQLClient
from tests.factories import make_product
from tests.orders.conftest import Bank, add_to_cart, checkout
from tests.races.conftest import at_once

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

PAYMENTS = 50


def charged(bank: Bank, orders: int) -> list[IntentState]:
    """Return Stripe's word on orders that it has charged, and of which the shop does not know yet."""
    product = make_product(stock=1_000)
    states = []
    for _ in range(orders):
        shopper = GraphQLClient()
        add_to_cart(shopper, product)
        intent = bank.intent(checkout(shopper)["uuid"])
        bank.fake.confirm(intent)
        states.append(fetch(intent))
    return states


def fetch(intent: str) -> IntentState:
    state = fetch_state(intent)
    assert state
    return state


def serials(kind: str) -> list[int]:
    return sorted(Document.objects.filter(kind=kind).values_list("serial", flat=True))


def settle(state: IntentState) -> None:
    assert apply(state, now=timezone.now())


class TestPayments:
    def test_fifty_at_once(self, bank: Bank) -> None:
        states = charged(bank, PAYMENTS)
        at_once(*(partial(settle, state) for state in states))
        assert serials("invoice") == [*range(1, PAYMENTS + 1)]
        assert list(differences(now=timezone.now())) == []

    def test_every_third_is_rolled_back_after_it_has_drawn_its_number(
        self, bank: Bank, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        states = charged(bank, PAYMENTS)
        draw, drawn = issuing.draw_serial, count()

        def die(kind: DocumentKind, year: int) -> int:
            serial = draw(kind, year)
            if next(drawn) % 3 == 0:
                raise ConnectionError
            return serial

        def try_to_settle(state: IntentState) -> bool:
            try:
                settle(state)
            except ConnectionError:
                return False
            return True

        monkeypatch.setattr(issuing, "draw_serial", die)
        settled = sum(at_once(*(partial(try_to_settle, state) for state in states)))
        assert serials("invoice") == [*range(1, settled + 1)]
        assert settled == PAYMENTS - -(-PAYMENTS // 3)
        monkeypatch.setattr(issuing, "draw_serial", draw)
        at_once(*(partial(settle, state) for state in states))
        assert serials("invoice") == [*range(1, PAYMENTS + 1)]
        assert list(differences(now=timezone.now())) == []


class TestRefunds:
    def test_of_ten_orders_at_once_and_each_three_times(self, bank: Bank) -> None:
        states = charged(bank, 10)
        for state in states:
            settle(state)
            client().v1.refunds.create({"payment_intent": state.intent.id})
        refunded = [fetch(state.intent.id) for state in states]
        at_once(*(partial(settle, state) for state in refunded for _ in range(3)))
        assert serials("credit_note") == [*range(1, len(states) + 1)]
        assert list(differences(now=timezone.now())) == []
