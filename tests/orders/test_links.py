"""The mailed link of an order: what its holder sees and may do."""

from typing import Any
from uuid import uuid4

import pytest
from django.core.signing import TimestampSigner
from django.utils import timezone

from orders import links
from orders.cart import ShoppingCart
from orders.checkout import checkout
from orders.choices import Choice
from orders.links import token_of
from orders.models import Order, OrderStatus
from orders.owners import Owner
from tests.conftest import GraphQLClient
from tests.factories import make_details, make_product, make_user

pytestmark = pytest.mark.django_db(transaction=True)

SEEN = """
    uuid status user { id } items { name quantity } shipping { firstName email }
    payment { clientSecret } fulfilments { id } returns { id } refunds { id }
"""
READ = f"query($token: String!) {{ orderByToken(token: $token) {{ {SEEN} }} }}"
OWN = f"query($uuid: UUID!) {{ order(uuid: $uuid) {{ {SEEN} }} }}"
CHANGE = """
    mutation($input: OrderInput!) {
      changed: %s(input: $input) { __typename ... on Order { status user { id } payment { clientSecret } } }
    }
"""
CHANGES = ["cancelOrder", "retryPayment", "refreshPayment"]
RETURN = "mutation($input: RequestReturnInput!) { requestReturn(input: $input) { __typename } }"


@pytest.fixture
def order() -> Order:
    buyer, now = Owner(user=make_user()), timezone.now()
    ShoppingCart(buyer).add(Choice(make_product().pk, by_product=True), 1, now=now)
    placed = checkout(
        owner=buyer,
        address="127.0.0.1",
        details=make_details(),
        idempotency_key=uuid4(),
        expected_total=None,
        now=now,
    )
    return Order.objects.get(pk=placed)


def refused(order: Order, kind: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return a token that does not open the order."""
    token = token_of(order.pk)
    if kind == "forged":
        return TimestampSigner(salt="catalog.previews").sign(order.pk.hex)
    if kind == "tampered":
        return token.replace(order.pk.hex, uuid4().hex)
    if kind == "expired":
        monkeypatch.setattr(links, "LIFETIME", -links.LIFETIME)
        return token
    return {"empty": "", "bare": order.pk.hex}[kind]


REFUSED = ["forged", "tampered", "expired", "empty", "bare"]


def test_shows_what_the_owner_sees_without_the_account(api: GraphQLClient, order: Order) -> None:
    owner = GraphQLClient()
    owner.force_login(order.user)
    owners: dict[str, Any] = owner.run(OWN, uuid=str(order.pk))["order"]
    shown = api.run(READ, token=token_of(order.pk))["orderByToken"]
    assert owners["user"]
    assert owners["payment"]["clientSecret"]
    assert shown == owners | {"user": None}
    assert api.run(OWN, uuid=str(order.pk))["order"] is None


@pytest.mark.parametrize("kind", REFUSED)
def test_a_token_that_is_not_good_opens_nothing(
    api: GraphQLClient, order: Order, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = refused(order, kind, monkeypatch)
    assert api.run(READ, token=token) == {"orderByToken": None}
    for name in CHANGES:
        given = {"uuid": str(order.pk), "token": token}
        assert api.run(CHANGE % name, input=given)["changed"] == {"__typename": "NotFound"}
    given = {"orderUuid": str(order.pk), "items": [], "token": token}
    assert api.run(RETURN, input=given)["requestReturn"] == {"__typename": "NotFound"}
    assert Order.objects.get(pk=order.pk).status == OrderStatus.PENDING


@pytest.mark.parametrize("name", CHANGES)
def test_the_holder_changes_that_order_alone(api: GraphQLClient, order: Order, name: str) -> None:
    other = str(uuid4())
    given = {"uuid": other, "token": token_of(order.pk)}
    assert api.run(CHANGE % name, input=given)["changed"] == {"__typename": "NotFound"}
    given["uuid"] = str(order.pk)
    changed = api.run(CHANGE % name, input=given)["changed"]
    assert (changed["__typename"], changed["user"]) == ("Order", None)
    assert changed["status"] == ("CANCELLED" if name == "cancelOrder" else "PENDING")
