"""A pending order, what can be asked about it, and what the bank does with it."""

import json
from typing import Any

import pytest

from catalog.models import Product
from orders.payments.gateway import client
from packages.stripe_fake import sign
from tests.conftest import GraphQLClient
from tests.factories import make_product
from tests.orders.conftest import Bank, add_to_cart, checkout
from tests.tasks import outbox

FIELDS = """
    __typename status amount { amount } paidAt shippedAt cancelledAt
    payment { status clientSecret failure refunded { amount } }
"""
RESULT = f"__typename ... on Order {{ {FIELDS} }} ... on UserError {{ code message }}"
ORDER = f"query($uuid: UUID!) {{ order(uuid: $uuid) {{ {FIELDS} }} }}"
RETRY = f"""
    mutation($uuid: UUID!) {{
      retryPayment(input: {{uuid: $uuid}}) {{ {RESULT} ... on OrderNotEditable {{ order {{ {FIELDS} }} }} }}
    }}
"""
REFRESH = f"mutation($uuid: UUID!) {{ refreshPayment(input: {{uuid: $uuid}}) {{ {RESULT} }} }}"
CANCEL = f"""
    mutation($uuid: UUID!) {{
      cancelOrder(input: {{uuid: $uuid}}) {{
        {RESULT} ... on OrderNotCancellable {{ status order {{ {FIELDS} }} }}
      }}
    }}
"""


def subjects() -> list[str]:
    """Return what the mails are about, without the store's name."""
    return sorted((mail.subject.partition(": ")[2] for mail in outbox), reverse=True)


@pytest.fixture
def lamp() -> Product:
    """A lamp at 10.00. Every order here buys two of five."""
    return make_product(name="Lamp", stock=5)


@pytest.fixture
def uuid(api: GraphQLClient, lamp: Product) -> str:
    """A pending order of a guest."""
    return buy(api, lamp)


def buy(browser: GraphQLClient, product: Product) -> str:
    add_to_cart(browser, product, 2)
    placed: str = checkout(browser)["uuid"]
    return placed


def order(browser: GraphQLClient, uuid: str) -> Any:
    return browser.run(ORDER, uuid=uuid)["order"]


def retry(browser: GraphQLClient, uuid: str) -> Any:
    return browser.run(RETRY, uuid=uuid)["retryPayment"]


def refresh(browser: GraphQLClient, uuid: str) -> Any:
    return browser.run(REFRESH, uuid=uuid)["refreshPayment"]


def cancel(browser: GraphQLClient, uuid: str) -> Any:
    return browser.run(CANCEL, uuid=uuid)["cancelOrder"]


def stock(product: Product) -> int:
    product.refresh_from_db()
    assert product.stock == sum(product.movements.values_list("delta", flat=True))
    return product.stock


def refund_in_dashboard(bank: Bank, uuid: str, units: int | None = None) -> None:
    """Refund an amount in cents, or all, in Stripe's Dashboard. The events are not delivered yet."""
    intent = bank.intent(uuid)
    client().v1.refunds.create(
        {"payment_intent": intent, "amount": units} if units else {"payment_intent": intent}
    )


def deliver_again(bank: Bank, *, backwards: bool = False) -> list[int]:
    """Deliver every event of the past again, with a new signature."""
    events = bank.fake.events()
    bodies = [json.dumps(event) for event in (reversed(events) if backwards else events)]
    return [bank.post(body.encode(), sign(body, secret="whsec_development")) for body in bodies]
