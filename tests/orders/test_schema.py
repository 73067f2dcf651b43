"""Reading orders over the API: owners, pages, and a constant number of statements."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.contrib.auth.models import Permission

from accounts.models import User
from catalog.models import Product
from orders.models import Order, OrderItem, OrderStatus, Payment, PaymentStatus
from tests.conftest import GraphQLClient, global_id
from tests.factories import make_address, make_category, make_product, make_staff, make_user
from tests.orders.conftest import Bank, add_to_cart, checkout, statements

pytestmark = pytest.mark.django_db

EVERYTHING = """
    id uuid number note status user { id email profile { name } } amount { amount currency minorUnits }
    items { id name quantity unitPrice { amount } total { amount } product { id name category { name } } }
    shipping {
      id firstName lastName company email phone address address2 buildingNumber city zipCode state country
    }
    billing { company vatId address { id firstName company city country } }
    payment { id status amount { amount } refunded { amount } clientSecret failure }
    createdAt updatedAt expiresAt paidAt shippedAt cancelledAt
"""
ORDER = f"query($uuid: UUID!) {{ order(uuid: $uuid) {{ {EVERYTHING} }} }}"
ORDERS = """
    query($first: Int, $after: String, $status: OrderStatus) {
      me { orders(first: $first, after: $after, status: $status) {
        nodes { uuid } totalCount pageInfo { hasNextPage hasPreviousPage endCursor }
      } }
    }
"""
ALL_ORDERS = (
    f"query($first: Int) {{ me {{ orders(first: $first) {{ edges {{ node {{ {EVERYTHING} }} }} }} }} }}"
)
ORDERS_OF = """
    query($id: ID!) {
      node(id: $id) { ... on User { orders { nodes { uuid payment { clientSecret } } } } }
    }
"""
SECRETS = "query($first: Int) { me { orders(first: $first) { nodes { payment { clientSecret } } } } }"
NODE = "query($id: ID!) { node(id: $id) { __typename id } }"
PAYMENT = "query($id: ID!) { node(id: $id) { ... on Payment { status clientSecret } } }"
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


def make_order(
    user: User, *, products: list[Product], status: OrderStatus = OrderStatus.PENDING, at: datetime = LONG_AGO
) -> Order:
    shipping = make_address()
    shipping.save()
    order = Order.objects.create(
        user=user,
        status=status,
        currency="USD",
        amount=10 * len(products),
        shipping=shipping,
        email=shipping.email,
        billing_address=shipping,
        created_at=at,
        paid_at=at if status in (OrderStatus.PAID, OrderStatus.SHIPPED) else None,
    )
    OrderItem.objects.bulk_create(
        OrderItem(order=order, product=product, name=product.name, quantity=1, unit_price=Decimal(10))
        for product in products
    )
    Payment.objects.create(
        order=order, currency="USD", amount=order.amount, intent_id=f"pi_{order.pk}", client_secret="secret"
    )
    return order


@pytest.fixture
def lamp() -> Product:
    return make_product(name="Lamp")


class TestOrder:
    def test_everything_of_it(self, signed_in: Callable[[User], GraphQLClient], lamp: Product) -> None:
        user = make_user(email="ada@example.com")
        order = make_order(user, products=[lamp])
        answer = signed_in(user).run(ORDER, uuid=str(order.pk))["order"]
        assert answer["id"] == global_id("Order", order.pk)
        assert answer["uuid"] == str(order.pk)
        assert answer["user"]["email"] == "ada@example.com"
        assert answer["amount"] == {"amount": "10.00", "currency": "USD", "minorUnits": 1000}
        assert answer["shipping"]["country"] == "US"
        assert answer["payment"]["clientSecret"] == "secret"
        assert answer["createdAt"] == "2026-01-01T00:00:00+00:00"

    def test_that_is_not_the_callers(
        self, api: GraphQLClient, signed_in: Callable[[User], GraphQLClient], lamp: Product
    ) -> None:
        order = make_order(make_user(), products=[lamp])
        visitor = GraphQLClient()
        add_to_cart(visitor, lamp)
        for stranger in (api, visitor, signed_in(make_user()), signed_in(make_staff())):
            assert stranger.run(ORDER, uuid=str(order.pk))["order"] is None
            assert stranger.run(ORDER, uuid=str(uuid4()))["order"] is None

    def test_that_cannot_be(self, api: GraphQLClient) -> None:
        for uuid in ("", "1", "x" * 36, None, 1):
            assert api.expect_refusal(ORDER, uuid=uuid) == "BAD_USER_INPUT"

    def test_the_live_payment_is_shown_else_the_last(
        self, signed_in: Callable[[User], GraphQLClient], lamp: Product
    ) -> None:
        user = make_user()
        order = make_order(user, products=[lamp])
        live = order.payments.get()
        _, last = (
            Payment.objects.create(
                order=order,
                currency="USD",
                amount=10,
                status=PaymentStatus.CANCELLED,
                created_at=live.created_at + timedelta(days=days),
            )
            for days in (1, 2)
        )
        browser = signed_in(user)
        assert payment_of(browser, order) == global_id("Payment", live.pk)
        Payment.objects.update(status=PaymentStatus.CANCELLED)
        assert payment_of(browser, order) == global_id("Payment", last.pk)

    def test_takes_the_same_statements_for_1_item_and_for_50(
        self, signed_in: Callable[[User], GraphQLClient]
    ) -> None:
        user, seller, category = make_user(), make_user(), make_category()
        products = [make_product(user=seller, category=category) for _ in range(50)]
        browser = signed_in(user)
        few, many = (make_order(user, products=some) for some in (products[:1], products))
        assert len(browser.run(ORDER, uuid=str(many.pk))["order"]["items"]) == 50
        taken = [
            statements(lambda order=order: browser.run(ORDER, uuid=str(order.pk)))  # type: ignore[misc]
            for order in (few, many)
        ]
        assert taken[0] == taken[1] <= 7


def payment_of(browser: GraphQLClient, order: Order) -> Any:
    return browser.run(ORDER, uuid=str(order.pk))["order"]["payment"]["id"]


class TestClientSecret:
    def test_only_while_there_is_something_to_pay(
        self, signed_in: Callable[[User], GraphQLClient], lamp: Product
    ) -> None:
        user = make_user()
        order = make_order(user, products=[lamp])
        browser = signed_in(user)
        shown = set()
        for status in PaymentStatus:
            Payment.objects.update(status=status)
            payment = browser.run(ORDER, uuid=str(order.pk))["order"]["payment"]
            node = browser.run(PAYMENT, id=payment["id"])["node"]
            assert node == {"status": payment["status"], "clientSecret": payment["clientSecret"]}
            if payment["clientSecret"]:
                shown.add(status)
        assert shown == {PaymentStatus.PENDING, PaymentStatus.REQUIRES_ACTION, PaymentStatus.FAILED}

    def test_only_to_the_owner(self, signed_in: Callable[[User], GraphQLClient], lamp: Product) -> None:
        """The staff see a person's order, but do not get its client secret."""
        user = make_user()
        order = make_order(user, products=[lamp])
        id_ = global_id("User", user.pk)
        [own] = signed_in(user).run(ORDERS_OF, id=id_)["node"]["orders"]["nodes"]
        assert own == {"uuid": str(order.pk), "payment": {"clientSecret": "secret"}}
        [seen] = signed_in(make_staff()).run(ORDERS_OF, id=id_)["node"]["orders"]["nodes"]
        assert seen == {"uuid": str(order.pk), "payment": {"clientSecret": None}}
        assert signed_in(make_user()).run(ORDERS_OF, id=id_)["node"] is None

    def test_takes_no_statement_of_its_own(self, api: GraphQLClient, lamp: Product) -> None:
        add_to_cart(api, lamp)
        uuid = checkout(api)["uuid"]
        document = "query($uuid: UUID!) { order(uuid: $uuid) { payment { %s } } }"
        taken = [
            statements(lambda field=field: api.run(document % field, uuid=uuid))  # type: ignore[misc]
            for field in ("status", "clientSecret")
        ]
        assert taken[0] == taken[1]


class TestNode:
    @pytest.fixture
    def ids(self, api: GraphQLClient, lamp: Product) -> dict[str, str]:
        """Return the ids of a guest's order and everything in it."""
        add_to_cart(api, lamp)
        order = api.run(ORDER, uuid=checkout(api)["uuid"])["order"]
        return {
            "Order": order["id"],
            "OrderItem": order["items"][0]["id"],
            "Shipping": order["shipping"]["id"],
            "Payment": order["payment"]["id"],
        }

    def test_by_the_owner(self, api: GraphQLClient, ids: dict[str, str]) -> None:
        for typename, id_ in ids.items():
            assert api.run(NODE, id=id_)["node"] == {"__typename": typename, "id": id_}

    def test_by_others(
        self, ids: dict[str, str], signed_in: Callable[[User], GraphQLClient], lamp: Product
    ) -> None:
        visitor = GraphQLClient()
        add_to_cart(visitor, lamp)
        for stranger in (GraphQLClient(), visitor, signed_in(make_user())):
            for id_ in ids.values():
                assert stranger.run(NODE, id=id_)["node"] is None

    def test_by_the_staff(self, ids: dict[str, str], signed_in: Callable[[User], GraphQLClient]) -> None:
        clerk = make_user(is_staff=True)
        rights = Permission.objects.filter(codename__in=["view_order", "view_user"])
        for permissions, sees in ((rights, True), (rights[:1], False), ([], False)):
            clerk.user_permissions.set(permissions)
            for id_ in ids.values():
                assert (signed_in(clerk).run(NODE, id=id_)["node"] is not None) is sees

    def test_that_names_nothing(self, api: GraphQLClient, ids: dict[str, str]) -> None:
        for typename in ids:
            key = 2**62 if typename in ("OrderItem", "Shipping") else UUID(int=0)
            assert api.run(NODE, id=global_id(typename, key))["node"] is None

    def test_that_cannot_be(self, api: GraphQLClient, ids: dict[str, str]) -> None:
        for typename in ids:
            for key in ("", "x", "1 OR 1", "9" * 30):
                assert api.expect_refusal(NODE, id=global_id(typename, key)) == "BAD_USER_INPUT"


class TestOrdersOfAUser:
    def orders(self, browser: GraphQLClient, **variables: Any) -> Any:
        return browser.run(ORDERS, **variables)["me"]["orders"]

    def test_the_newest_first_page_by_page(
        self, signed_in: Callable[[User], GraphQLClient], lamp: Product
    ) -> None:
        user = make_user()
        make_order(make_user(), products=[lamp])
        # Two orders share an instant, and the uuid orders them.
        moments = [LONG_AGO + timedelta(days=days) for days in (0, 0, 1, 2, 3)]
        made = [make_order(user, products=[lamp], at=at) for at in moments]
        expected = [str(o.pk) for o in sorted(made, key=lambda o: (o.created_at, o.pk), reverse=True)]
        browser = signed_in(user)
        found: list[str] = []
        after = None
        for size in (2, 2, 1):
            page = self.orders(browser, first=2, after=after)
            assert len(page["nodes"]) == size
            assert page["totalCount"] == 5
            assert page["pageInfo"]["hasPreviousPage"] == (after is not None)
            assert page["pageInfo"]["hasNextPage"] == (size == 2)
            found += [node["uuid"] for node in page["nodes"]]
            after = page["pageInfo"]["endCursor"]
        assert found == expected

    def test_of_one_status(self, signed_in: Callable[[User], GraphQLClient], lamp: Product) -> None:
        user = make_user()
        paid = make_order(user, products=[lamp], status=OrderStatus.PAID)
        make_order(user, products=[lamp])
        browser = signed_in(user)
        page = self.orders(browser, status="PAID")
        assert (page["nodes"], page["totalCount"]) == ([{"uuid": str(paid.pk)}], 1)
        assert self.orders(browser, status="REFUNDED")["nodes"] == []
        assert self.orders(browser)["totalCount"] == 2
        assert browser.expect_refusal(ORDERS, status="LOST") == "BAD_USER_INPUT"

    @pytest.mark.parametrize("first", [0, -1, 101])
    def test_a_size_out_of_range(self, signed_in: Callable[[User], GraphQLClient], first: int) -> None:
        assert signed_in(make_user()).expect_refusal(ORDERS, first=first) == "BAD_USER_INPUT"

    @pytest.mark.parametrize("after", ["", "x", "W10=", "WyJhIiwiYiJd", "bnVsbA=="])
    def test_no_cursor(self, signed_in: Callable[[User], GraphQLClient], after: str) -> None:
        assert signed_in(make_user()).expect_refusal(ORDERS, after=after) == "BAD_USER_INPUT"

    def test_a_guests_orders_come_along_at_sign_in(
        self, api: GraphQLClient, bank: Bank, lamp: Product
    ) -> None:
        add_to_cart(api, lamp)
        uuid = checkout(api)["uuid"]
        api.force_login(make_user())
        assert self.orders(api)["nodes"] == [{"uuid": uuid}]

    def test_takes_the_same_statements_for_1_order_and_for_50(
        self, signed_in: Callable[[User], GraphQLClient]
    ) -> None:
        seller, category = make_user(), make_category()
        products = [make_product(user=seller, category=category) for _ in range(3)]
        few, many = make_user(), make_user()
        make_order(few, products=products[:1])
        for _ in range(50):
            make_order(many, products=products)
        browsers = [signed_in(few), signed_in(many)]
        assert len(browsers[1].run(ALL_ORDERS, first=50)["me"]["orders"]["edges"]) == 50
        for document in (ALL_ORDERS, SECRETS):
            taken = [
                statements(lambda browser=browser: browser.run(document, first=50))  # type: ignore[misc]  # noqa: B023
                for browser in browsers
            ]
            assert taken[0] == taken[1] <= 9
