"""A shopper's operations, and the shopper's and the bank's part at Stripe."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID, uuid4

import pytest
import stripe
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import connection, models
from django.test.utils import CaptureQueriesContext

from catalog.models import Product, ProductVariant, StockMovement
from orders.models import (
    Cart,
    CartItem,
    Document,
    DocumentSeries,
    Fulfilment,
    Order,
    OrderEvent,
    OrderItem,
    OrderTax,
    Payment,
    Portion,
    Refund,
    RefundLine,
    Return,
    Shipping,
    StripeEvent,
)
from orders.payments.gateway import fake
from packages.stripe_fake import FakeStripe, Outcome
from pricing.models import DiscountCode
from tests.conftest import GraphQLClient, global_id
from tests.tasks import outbox

ADDRESS = {
    "firstName": "Ada",
    "lastName": "Lovelace",
    "email": "ada@example.com",
    "phone": "+1 415 555 2671",
    "address": "Market Street",
    "buildingNumber": "1",
    "city": "San Francisco",
    "zipCode": "94105",
    "state": "CA",
    "country": "US",
}
ADD_TO_CART = """
    mutation($productId: ID!, $quantity: Int! = 1) {
      addToCart(input: {productId: $productId, quantity: $quantity}) {
        __typename
        ... on Cart { totalQuantity items { quantity product { name } } total { amount } }
        ... on UserError { code message }
        ... on ValidationError { fields { field } }
        ... on InsufficientStock { requested available product { name } }
      }
    }
"""
CHECKOUT = """
    mutation($input: CheckoutInput!) {
      checkout(input: $input) {
        __typename
        ... on Order {
          uuid status amount { amount } items { name quantity unitPrice { amount } total { amount } product { id } }
          shipping { firstName phone } payment { status clientSecret amount { minorUnits } }
        }
        ... on UserError { code message }
        ... on ValidationError { fields { field } }
        ... on InsufficientStock { requested available product { name } }
        ... on ProductUnavailable { productId name }
        ... on TotalChanged { expected { amount } actual { amount } }
        ... on TooManyOpenOrders { orders { uuid status } }
      }
    }
"""
ORDER = """
    query($uuid: UUID!) {
      order(uuid: $uuid) { status amount { amount } paidAt shippedAt payment { status failure refunded { amount } } }
    }
"""


def add_to_cart(api: GraphQLClient, product: Any, quantity: int = 1) -> dict[str, Any]:
    variables: dict[str, Any] = {"productId": global_id("Product", product.pk), "quantity": quantity}
    answer: dict[str, Any] = api.run(ADD_TO_CART, **variables)["addToCart"]
    return answer


def checkout(api: GraphQLClient, **input: Any) -> dict[str, Any]:
    input = {"shipping": ADDRESS, "idempotencyKey": str(uuid4()), **input}
    answer: dict[str, Any] = api.run(CHECKOUT, input=input)["checkout"]
    return answer


class Bank:
    """The shopper's actions in the browser with the client secret, and Stripe's webhooks to the real endpoint."""

    def __init__(self) -> None:
        self.client = GraphQLClient(raise_request_exception=False)
        self.fake: FakeStripe = fake()

    def intent(self, uuid: str) -> str:
        payment = Payment.objects.exclude(status="cancelled").get(order=UUID(uuid))
        assert payment.intent_id
        return payment.intent_id

    def pay(self, uuid: str, outcome: Outcome = "succeeded") -> None:
        """Confirm the order's live intent, and deliver every event that is due."""
        self.fake.confirm(self.intent(uuid), outcome)
        self.deliver()

    def deliver(self) -> list[int | None]:
        return [
            delivery.status
            for delivery in self.fake.deliver_through(self.post, secret=settings.STRIPE_WEBHOOK_SECRETS[0])
        ]

    def post(self, body: bytes, signature: str) -> int:
        response = self.client.post(
            "/stripe/webhook/", body, content_type="application/json", headers={"Stripe-Signature": signature}
        )
        return response.status_code


@pytest.fixture
def bank() -> Bank:
    return Bank()


@pytest.fixture(autouse=True)
def _impatient_sdk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the SDK repeat failed calls without a pause."""
    monkeypatch.setattr(stripe.HTTPClient, "INITIAL_DELAY", 0.0)
    monkeypatch.setattr(stripe.HTTPClient, "MAX_DELAY", 0.0)


TABLES: tuple[type[models.Model], ...] = (
    *(
        Product,
        ProductVariant,
        StockMovement,
        Cart,
        CartItem,
        Order,
        OrderEvent,
        OrderItem,
        OrderTax,
        Shipping,
        Payment,
        Refund,
        Fulfilment,
        Portion,
        RefundLine,
        Return,
        Document,
        DocumentSeries,
        StripeEvent,
        DiscountCode,
        Session,
    ),
)


def whole_state() -> dict[str, Any]:
    """Return every row of the shop, every mail, and every object of Stripe."""
    rows = {table.__name__: list(table._base_manager.order_by("pk").values()) for table in TABLES}
    return {**rows, "mails": len(outbox), "stripe": fake().events()}


@contextmanager
def nothing_changes() -> Iterator[None]:
    before = whole_state()
    yield
    assert whole_state() == before


def statements(operation: Callable[[], object]) -> int:
    """Count the SQL statements of the action, including those that control transactions."""
    with CaptureQueriesContext(connection) as captured:
        operation()
    return len(captured)


def status_of(uuid: str) -> str:
    return Order.objects.get(pk=uuid).status
