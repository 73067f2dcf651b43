"""`node(id)`: anything by its id, if the caller may see it."""

from collections.abc import Callable
from decimal import Decimal
from uuid import UUID, uuid4

import pytest
from django.db import connection, models
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from api.nodes import resolve_queryset
from catalog.models import Product
from catalog.selectors import products
from orders.models import Order, OrderItem
from tests.conftest import GraphQLClient, global_id
from tests.factories import make_category, make_comment, make_product, make_staff, make_user

pytestmark = pytest.mark.django_db

NODE = """
query($id: ID!) {
  node(id: $id) {
    __typename
    id
    ... on Category { name productCount products { nodes { name } } }
    ... on Product { name category { name } seller { name } comments { nodes { body } } }
    ... on Profile { name }
    ... on User { email }
    ... on Comment { body author { name } }
    ... on Order { uuid items { name } }
    ... on Cart { totalQuantity items { quantity } }
  }
}
"""


class TestNode:
    def test_of_each_type_that_anyone_sees(self, api: GraphQLClient) -> None:
        product = make_product(name="lamp", category=make_category("Light"))
        rows: list[tuple[str, models.Model, str]] = [
            ("Product", product, "name"),
            ("Category", product.category, "name"),
            ("Profile", product.user.profile, "name"),
            ("Comment", make_comment(product=product), "body"),
        ]
        for name, row, text in rows:
            key = global_id(name, row.pk)
            found = api.run(NODE, id=key)["node"]
            assert (found["__typename"], found["id"], found[text]) == (name, key, getattr(row, text))

    def test_is_read_through_the_optimizer(self, api: GraphQLClient) -> None:
        product = make_product(category=make_category("Light"))
        with CaptureQueriesContext(connection) as captured:
            found = api.run(NODE, id=global_id("Product", product.pk))["node"]
        assert found["category"]["name"] == "Light"
        assert len(captured) == 2  # the product with its category and seller, and its comments

    def test_of_the_caller(self, api: GraphQLClient, signed_in: Callable[[User], GraphQLClient]) -> None:
        person = make_user()
        order = Order.objects.create(user=person, currency="USD", amount=Decimal(0))
        for key, field, value in (
            (global_id("User", person.pk), "email", person.email),
            (global_id("Order", order.pk), "uuid", str(order.uuid)),
        ):
            assert signed_in(person).run(NODE, id=key)["node"][field] == value
            assert signed_in(make_user()).run(NODE, id=key) == {"node": None}
            assert api.run(NODE, id=key) == {"node": None}

    def test_of_a_user_is_seen_by_the_staff(self, signed_in: Callable[[User], GraphQLClient]) -> None:
        person = make_user()
        found = signed_in(make_staff()).run(NODE, id=global_id("User", person.pk))["node"]
        assert found["email"] == person.email

    def test_of_what_belongs_to_an_order(
        self, api: GraphQLClient, signed_in: Callable[[User], GraphQLClient]
    ) -> None:
        person = make_user()
        order = Order.objects.create(user=person, currency="USD", amount=Decimal(1))
        item = OrderItem.objects.create(order=order, name="lamp", quantity=1, unit_price=Decimal(1))
        key = global_id("OrderItem", item.pk)
        query = "query($id: ID!) { node(id: $id) { ... on OrderItem { name } } }"
        assert signed_in(person).run(query, id=key) == {"node": {"name": "lamp"}}
        assert api.run(query, id=key) == {"node": None}
        assert signed_in(make_user()).run(query, id=key) == {"node": None}

    def test_of_the_cart_is_the_callers_own(self, api: GraphQLClient) -> None:
        key = api.run("{ cart { id } }")["cart"]["id"]
        assert api.run(NODE, id=key)["node"] == {
            "__typename": "Cart",
            "id": key,
            "totalQuantity": 0,
            "items": [],
        }

    def test_of_a_hidden_comment(
        self, api: GraphQLClient, signed_in: Callable[[User], GraphQLClient]
    ) -> None:
        author = make_user()
        key = global_id("Comment", make_comment(user=author, active=False).pk)
        assert api.run(NODE, id=key) == {"node": None}
        assert signed_in(author).run(NODE, id=key)["node"]["id"] == key

    @pytest.mark.parametrize(
        "name", ["Category", "Product", "Profile", "User", "Comment", "CartItem", "OrderItem"]
    )
    def test_of_nothing(self, api: GraphQLClient, name: str) -> None:
        assert api.run(NODE, id=global_id(name, 1)) == {"node": None}

    def test_of_no_order(self, api: GraphQLClient) -> None:
        assert api.run(NODE, id=global_id("Order", uuid4())) == {"node": None}

    @pytest.mark.parametrize(
        "id",
        [
            "",
            "x",
            "🙂",
            "Product:1",
            global_id("", 1),
            global_id("Nothing", 1),
            global_id("Node", 1),
            global_id("Query", 1),
            global_id("Money", 1),
            global_id("ErrorCode", 1),
            global_id("Decimal", 1),
            global_id("SearchResult", 1),
            global_id("ProductFilter", 1),
            global_id("Product", ""),
            global_id("Product", "one"),
            global_id("Product", "1.5"),
            global_id("Product", 2**63),
            global_id("Product", "9" * 5000),
            global_id("Product", "1 OR 1=1"),
            global_id("Order", 1),
            global_id("Order", "00000000"),
        ],
    )
    def test_of_what_is_no_id(self, api: GraphQLClient, id: str) -> None:
        make_product()
        assert api.expect_refusal(NODE, id=id) == "BAD_USER_INPUT"


class TestIds:
    def test_are_unique_across_types(self, api: GraphQLClient) -> None:
        product = make_product()
        found = api.run("{ products { nodes { id category { id } seller { id } } } }")["products"]["nodes"][0]
        ids = {found["id"], found["category"]["id"], found["seller"]["id"]}
        assert len(ids) == 3
        assert found["id"] == global_id("Product", product.pk)
        assert not isinstance(product.pk, UUID)


class TestSelectors:
    def test_that_always_return_the_same_query_are_called_once(self) -> None:
        assert resolve_queryset(products)[0] is resolve_queryset(products)[0]

    def test_that_depend_on_the_clock_are_refused(self, settings: Settings) -> None:
        def added_by_now() -> models.QuerySet[Product]:
            return Product.objects.filter(added_at__lte=timezone.now())

        with pytest.raises(TypeError, match=r"^added_by_now .* If it depends on the clock"):
            resolve_queryset(added_by_now)
        settings.FASTGRAPH_STRICT = False
        queryset, key = resolve_queryset(added_by_now)
        assert (queryset.model, key) == (Product, added_by_now)
