"""The mailed link of an order: what its holder sees and may do, and how it is asked for again."""

from typing import Any
from uuid import uuid4

import pytest
from django.core.signing import TimestampSigner
from django.utils import timezone
from pytest_django import Settings

from orders import links
from orders.cart import ShoppingCart
from orders.checkout import checkout
from orders.choices import Choice
from orders.links import order_of, token_of
from orders.models import Order, OrderStatus, Return
from orders.owners import Owner
from tests.conftest import GraphQLClient, global_id
from tests.factories import make_details, make_product, make_user
from tests.orders.conftest import Bank, nothing_changes, statements
from tests.tasks import outbox, run_tasks

pytestmark = pytest.mark.django_db(transaction=True)

SEEN = """
    uuid status user { id } items { name quantity } shipping { firstName email }
    payment { clientSecret } fulfilments { id } returns { id } refunds { id }
"""
READ = f"query($token: String!) {{ orderByToken(token: $token) {{ {SEEN} }} }}"
OWN = f"query($uuid: UUID!) {{ order(uuid: $uuid) {{ {SEEN} }} }}"
CHANGE = """
    mutation($input: OrderInput!) {
      changed: %s(input: $input) {
        __typename
        ... on Order { status user { id } payment { clientSecret } }
      }
    }
"""
CHANGES = ["cancelOrder", "retryPayment", "refreshPayment"]
RETURN = """
    mutation($input: RequestReturnInput!) {
      requestReturn(input: $input) { __typename ... on Order { user { id } returns { status reason } } }
    }
"""
ASK = """
    mutation($number: String!, $email: String!) {
      requestOrderLink(input: {number: $number, email: $email}) {
        __typename ... on ValidationError { fields { field } }
      }
    }
"""
DONE = {"__typename": "Done"}


def place(*, items: int = 1) -> Order:
    """Place an order of an account."""
    buyer, now = Owner(user=make_user()), timezone.now()
    for _ in range(items):
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


@pytest.fixture
def order() -> Order:
    return place()


def browser_of_owner(order: Order) -> GraphQLClient:
    assert order.user
    browser = GraphQLClient()
    browser.force_login(order.user)
    return browser


def refused(order: Order, kind: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return a token that does not open the order."""
    token = token_of(order.pk)
    if kind == "forged":
        return TimestampSigner(salt="catalog.previews", sep=".").sign(order.pk.hex)
    if kind == "tampered":
        return token.replace(order.pk.hex, uuid4().hex)
    if kind == "expired":
        monkeypatch.setattr(links, "LIFETIME", -links.LIFETIME)
        return token
    if kind == "of another order":
        return token_of(place().pk)
    return {"empty": "", "bare": order.pk.hex}[kind]


REFUSED = ["forged", "tampered", "expired", "empty", "bare"]


class TestReading:
    def test_shows_what_the_owner_sees_without_the_account(self, api: GraphQLClient, order: Order) -> None:
        owner = browser_of_owner(order)
        owners: dict[str, Any] = owner.run(OWN, uuid=str(order.pk))["order"]
        shown = api.run(READ, token=token_of(order.pk))["orderByToken"]
        assert owners["user"]
        assert owners["payment"]["clientSecret"]
        assert shown == owners | {"user": None}
        assert api.run(OWN, uuid=str(order.pk))["order"] is None

    @pytest.mark.parametrize("kind", REFUSED)
    def test_shows_nothing_by_a_token_that_is_not_good(
        self, api: GraphQLClient, order: Order, kind: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert api.run(READ, token=refused(order, kind, monkeypatch)) == {"orderByToken": None}

    def test_shows_the_order_of_the_token_to_the_owner_of_another(self, order: Order) -> None:
        other, browser = place(), browser_of_owner(order)
        assert browser.run(READ, token=token_of(other.pk))["orderByToken"]["uuid"] == str(other.pk)
        assert browser.run(OWN, uuid=str(other.pk))["order"] is None

    def test_opens_nothing_but_the_order(self, api: GraphQLClient, order: Order) -> None:
        """In the same operation, the other ways to the order stay closed."""
        document = """
            query($token: String!, $uuid: UUID!, $id: ID!) {
              orderByToken(token: $token) { status }
              order(uuid: $uuid) { status }
              node(id: $id) { id }
            }
        """
        answer = api.run(
            document, token=token_of(order.pk), uuid=str(order.pk), id=global_id("Order", order.pk)
        )
        assert answer == {"orderByToken": {"status": "PENDING"}, "order": None, "node": None}

    def test_is_kept_by_no_cache(self, api: GraphQLClient, order: Order) -> None:
        answer = api.get(
            "/graphql/", {"query": f'{{ orderByToken(token: "{token_of(order.pk)}") {{ uuid }} }}'}
        )
        assert answer.json()["data"]["orderByToken"]["uuid"] == str(order.pk)
        assert "no-store" in answer["Cache-Control"] or "private" in answer["Cache-Control"]

    def test_takes_as_many_statements_for_many_items(self, api: GraphQLClient) -> None:
        few, many = (token_of(place(items=items).pk) for items in (1, 9))
        api.run(READ, token=few)
        counts = [statements(lambda token=token: api.run(READ, token=token)) for token in (few, many)]  # type: ignore[misc]
        assert counts[0] == counts[1] <= 8


class TestChanging:
    @pytest.mark.parametrize("kind", [*REFUSED, "of another order"])
    def test_is_refused_by_a_token_that_is_not_good(
        self, api: GraphQLClient, order: Order, kind: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        token = refused(order, kind, monkeypatch)
        given = {"uuid": str(order.pk), "token": token}
        item = {"orderItemId": global_id("OrderItem", order.items.get().pk), "quantity": 1}
        wanted = {"orderUuid": str(order.pk), "items": [item], "token": token}
        with nothing_changes():
            for name in CHANGES:
                assert api.run(CHANGE % name, input=given)["changed"] == {"__typename": "NotFound"}
            assert api.run(RETURN, input=wanted)["requestReturn"] == {"__typename": "NotFound"}

    def test_is_refused_to_the_owner_who_sends_another_orders_token(self, order: Order) -> None:
        browser = browser_of_owner(order)
        given = {"uuid": str(order.pk), "token": token_of(place().pk)}
        with nothing_changes():
            assert browser.run(CHANGE % "cancelOrder", input=given)["changed"] == {"__typename": "NotFound"}

    @pytest.mark.parametrize("name", CHANGES)
    def test_is_done_by_the_orders_own(self, api: GraphQLClient, order: Order, name: str) -> None:
        given = {"uuid": str(order.pk), "token": token_of(order.pk)}
        changed = api.run(CHANGE % name, input=given)["changed"]
        assert (changed["__typename"], changed["user"]) == ("Order", None)
        assert changed["status"] == ("CANCELLED" if name == "cancelOrder" else "PENDING")

    def test_takes_as_many_statements_as_by_the_owner(self, order: Order) -> None:
        owner, others = browser_of_owner(order), place()
        owner.run(OWN, uuid=str(order.pk))  # reads the session, and compiles the operation
        by_owner = statements(lambda: owner.run(CHANGE % "cancelOrder", input={"uuid": str(order.pk)}))
        by_link = {"uuid": str(others.pk), "token": token_of(others.pk)}
        assert statements(lambda: GraphQLClient().run(CHANGE % "cancelOrder", input=by_link)) == by_owner - 2

    @pytest.mark.parametrize(
        ("name", "error"), [("cancelOrder", "OrderNotCancellable"), ("retryPayment", "OrderNotEditable")]
    )
    def test_is_told_the_order_as_it_is_when_it_is_refused(
        self, api: GraphQLClient, order: Order, bank: Bank, name: str, error: str
    ) -> None:
        bank.pay(str(order.pk))
        document = f"""
            mutation($input: OrderInput!) {{
              {name}(input: $input) {{ ... on {error} {{ order {{ status user {{ id }} }} }} }}
            }}
        """
        given = {"uuid": str(order.pk), "token": token_of(order.pk)}
        shown = {"status": "SHIPPED", "user": None}
        assert api.run(document, input=given) == {name: {"order": shown}}
        assert Order.objects.get(pk=order.pk).status == OrderStatus.SHIPPED

    def test_asks_for_a_return(self, api: GraphQLClient, order: Order, bank: Bank) -> None:
        bank.pay(str(order.pk))
        item = {"orderItemId": global_id("OrderItem", order.items.get().pk), "quantity": 1}
        given = {
            "orderUuid": str(order.pk),
            "items": [item],
            "reason": "Too small",
            "token": token_of(order.pk),
        }
        assert api.run(RETURN, input=given)["requestReturn"] == {
            "__typename": "Order",
            "user": None,
            "returns": [{"status": "REQUESTED", "reason": "Too small"}],
        }
        assert Return.objects.get().order == order


class TestRequestOrderLink:
    def ask(self, order: Order, **but: str) -> dict[str, Any]:
        given: dict[str, Any] = {"number": order.number, "email": order.email, **but}
        answer: dict[str, Any] = GraphQLClient().run(ASK, **given)["requestOrderLink"]
        return answer

    @pytest.fixture(autouse=True)
    def _frontend(self, settings: Settings) -> None:
        settings.STORE_FRONTEND_URL = "https://shop.example"

    def test_mails_a_link_that_opens_it(self, order: Order) -> None:
        assert self.ask(order, number=order.number.replace("-", " "), email=order.email.upper()) == DONE
        [mail] = outbox
        assert mail.to == [order.email]
        [line] = [line for line in mail.body.splitlines() if line.startswith("https://shop.example/orders/")]
        assert order_of(line.partition("?token=")[2]) == order.pk

    def test_mails_nothing_for_another_address_or_number_and_says_the_same(self, order: Order) -> None:
        other = place()
        Order.objects.filter(pk=other.pk).update(email="bob@example.com")
        assert self.ask(order, email="bob@example.com") == DONE
        assert self.ask(order, email="nobody@example.com") == DONE
        assert self.ask(order, number="100-000-000") == DONE
        run_tasks()
        assert outbox == []

    def test_takes_as_many_statements_for_an_order_and_for_none(self, order: Order) -> None:
        self.ask(order)
        known = statements(lambda: self.ask(order))
        assert statements(lambda: self.ask(order, email="nobody@example.com")) == known

    @pytest.mark.parametrize(("field", "value"), [("number", "12"), ("email", "ada")])
    def test_refuses_what_is_no_number_or_address(self, order: Order, field: str, value: str) -> None:
        with nothing_changes():
            assert self.ask(order, **{field: value})["fields"] == [{"field": field}]

    def test_is_limited_for_each_address_of_mail_with_orders_or_without(self, order: Order) -> None:
        for email in (order.email, "nobody@example.com"):
            answers = [self.ask(order, email=email)["__typename"] for _ in range(6)]
            assert answers == ["Done"] * 5 + ["TooManyAttempts"]
        assert len(outbox) == 5

    def test_mails_beyond_the_recipients_limit_are_dropped(self, order: Order, settings: Settings) -> None:
        settings.STORE_MAILS_PER_HOUR = 1
        for _ in range(3):
            assert self.ask(order) == DONE
        assert len(outbox) == 1
