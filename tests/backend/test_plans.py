"""Plans answer what graphql-core's executor answers, in no more statements."""

import logging
from collections import Counter
from collections.abc import Iterator, Sequence
from decimal import Decimal
from random import Random
from typing import Any
from uuid import uuid4

import graphql
import pytest
import strawberry
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.db import SessionStore
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from graphql import GraphQLObjectType, OperationDefinitionNode, get_named_type, is_abstract_type, is_leaf_type
from strawberry.schema.config import StrawberryConfig

from accounts.models import User
from api.context import Context
from api.scalars import SCALARS
from api.types import ErrorCode
from backend.http.documents import Document
from backend.schema import Root, schema
from catalog import types
from catalog.models import Product
from catalog.services import add_favourite, update_product
from core.errors import OperationTooLarge
from orders.cart import ShoppingCart
from orders.checkout import place
from orders.choices import Choice
from orders.links import token_of
from orders.models import Order, Payment
from orders.owners import Owner
from reviews.schema import COMMENT_LIMITS
from tests.benchmarks import operations
from tests.conftest import GraphQLClient, global_id
from tests.factories import (
    make_category,
    make_comment,
    make_details,
    make_entry,
    make_picture,
    make_product,
    make_seller,
    make_staff,
    make_user,
    set_stock,
)

pytestmark = pytest.mark.django_db

ROLES = ("guest", "shopper", "seller", "staff")
QUERIES = 30
SORTS = ("NEWEST", "PRICE_ASC", "PRICE_DESC", "NAME_ASC", "BEST_SELLING", "TOP_RATED", "DISCOUNT_DESC")
FILTERS = (
    *("{inStock: true}", "{onSale: true}", '{categories: ["light"]}', '{categories: ["light", "home"]}'),
    *('{minPrice: "5", maxPrice: "20"}', "{minRating: 4}", '{seller: "nobody"}'),
)


class Author:
    """Writes random valid queries: fields, aliases, fragments and arguments, some levels deep."""

    def __init__(self, chance: Random, arguments: dict[str, Sequence[str]]) -> None:
        self.chance = chance
        self.arguments = arguments
        self.number = 0

    def query(self) -> str:
        return f"query {self.selection(schema._schema.query_type, depth=5)}"

    def selection(self, type_: Any, *, depth: int) -> str:
        if is_abstract_type(type_):
            types = schema._schema.get_possible_types(type_)
            parts = [f"... on {each.name} {self.selection(each, depth=depth)}" for each in types]
            return f"{{ __typename {' '.join(parts)} }}"
        fields = type_.fields.items()
        names = [name for name, field in fields if depth > 1 or is_leaf_type(get_named_type(field.type))]
        chosen = self.chance.sample(names, min(len(names), self.chance.randint(1, 5)))
        parts = [self.field(name, type_, depth=depth) for name in chosen] or ["__typename"]
        if self.chance.random() < 0.3:
            parts.append(f"... on {type_.name} {{ {self.chance.choice(parts)} }}")
        return f"{{ {' '.join(parts)} }}"

    def field(self, name: str, type_: GraphQLObjectType, *, depth: int) -> str:
        self.number += 1
        alias = f"f{self.number}"
        child = get_named_type(type_.fields[name].type)
        fitting = self.arguments[name] if type_.fields[name].args else [""]
        below = "" if is_leaf_type(child) else self.selection(child, depth=depth - 1)
        return f"{alias}: {name}{self.chance.choice(fitting)} {below}"


def fill() -> dict[str, User | None]:
    """Fill a small shop, and return the user for each role."""
    shopper, seller = make_user(), make_seller()
    light, home = make_category("Light"), make_category("Home")
    products = [
        make_product(
            name=name, user=seller, category=category, price=Decimal(price), discount=Decimal(discount)
        )
        for name, category, price, discount in (
            ("Desk lamp", light, "19.90", 0),
            ("Oak lamp", light, "45.00", 15),
            ("Wool blanket", home, "9.99", 0),
            ("Blue mug", home, "10.00", 50),
        )
    ]
    update_product(
        user=seller, product_pk=products[0].pk, changes={"image": make_picture()}, now=timezone.now()
    )
    make_product(name="Red mug", user=seller, category=home, published_at=None)
    for product in products[:3]:
        make_comment(product=product, user=shopper, rating=5)
        make_comment(product=product, rating=3)
        make_comment(product=product, active=False)
        add_favourite(user=shopper, product_pk=product.pk, now=timezone.now())
    owner = Owner(user=shopper)
    for kept in (False, True):
        ShoppingCart(owner).add(Choice(products[0].pk, by_product=True), 2, now=timezone.now())
        ShoppingCart(owner).add(Choice(products[1].pk, by_product=True), 1, now=timezone.now())
        if not kept:
            place(
                address="127.0.0.1",
                owner=owner,
                details=make_details(),
                idempotency_key=uuid4(),
                expected_total=None,
                now=timezone.now(),
            )
    set_stock(products[1], 0)
    return {"guest": None, "shopper": shopper, "seller": seller, "staff": make_staff()}


def fitting_arguments(people: dict[str, User | None]) -> dict[str, Sequence[str]]:
    shopper, seller = people["shopper"], people["seller"]
    assert shopper
    assert seller
    sizes = ("", "(first: 1)", "(first: 2)")
    sorted_pages = [f"(sort: {sort}, {size}: 2)" for sort in SORTS for size in ("first", "last")]
    filtered = [f"(filter: {filter}, sort: {sort})" for filter in FILTERS for sort in SORTS]
    order = shopper.orders.get()
    nodes: list[tuple[str, object]] = [("Product", product.pk) for product in Product.objects.all()[:2]]
    nodes += [
        ("Order", order.pk),
        ("Address", make_entry(user=shopper)),
        ("User", shopper.pk),
        ("Cart", "mine"),
        ("Profile", seller.profile.pk),
    ]
    return {
        "addressRules": ['(country: "US")', '(country: "XX")'],
        "node": [f'(id: "{global_id(name, key)}")' for name, key in nodes],
        "profile": [f'(slug: "{seller.profile.slug}")', '(slug: "nobody")'],
        "category": ['(slug: "light")', '(slug: "none")'],
        "product": ['(slug: "desk-lamp")', '(slug: "oak-lamp")', '(slug: "none")'],
        "products": [*sizes, *sorted_pages, *filtered],
        "search": ['(term: "lamp")', '(term: "lmap", sort: PRICE_ASC)', '(term: "xyzzy")'],
        "searchSuggestions": ['(prefix: "l")'],
        "order": [f'(uuid: "{order.pk}")'],
        "orderByToken": [f'(token: "{token_of(order.pk)}")', '(token: "none")'],
        "comments": sizes,
        "favourites": sizes,
        "orders": sizes,
        "related": sizes,
        "sitemap": ["", "(first: 1)"],
        "unpublishedProducts": sizes,
        "thumbnail": ["", "(size: SMALL)"],
    }


def context_of(user: User | None) -> Context:
    request: HttpRequest = RequestFactory().post("/graphql/")
    request.user = user or AnonymousUser()
    request.session = SessionStore()
    return Context(request=request, response=HttpResponse())


@pytest.mark.slow
@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("seed", range(2))
def test_answers_as_graphql_core_does(role: str, seed: int) -> None:
    people = fill()
    author = Author(Random(f"{role} {seed}"), fitting_arguments(people))
    outcomes: Counter[str] = Counter()
    while outcomes.total() < QUERIES:
        text = author.query()
        document = Document(text, schema)
        [operation] = document.ast.definitions
        assert isinstance(operation, OperationDefinitionNode)
        try:
            document.weight(operation, {})  # most are too large, and validating them takes longest
        except OperationTooLarge:
            continue
        assert document.errors == [], text
        with CaptureQueriesContext(connection) as plain:
            expected = graphql.execute(
                schema._schema,
                document.ast,
                context_value=context_of(people[role]),
                executor_class=schema.execution_context_class,
            )
        assert isinstance(expected, graphql.ExecutionResult)
        plan = document.plan(operation)
        assert plan, text
        for again in (False, True):  # the second time, by kept SQL
            with CaptureQueriesContext(connection) as planned:
                answer = plan.run({}, context_of(people[role]))
            assert answer.formatted == expected.formatted, (again, text)
            assert len(planned) <= len(plain), text
        outcomes["refused" if expected.errors else "answered"] += 1
    assert outcomes["answered"] > outcomes["refused"]


def test_what_is_asked_most_needs_nothing_but_its_plan(
    api: GraphQLClient, caplog: pytest.LogCaptureFixture
) -> None:
    people = fill()
    assert people["shopper"]
    api.force_login(people["shopper"])
    product = Product.objects.get(slug="desk-lamp")
    with caplog.at_level(logging.DEBUG, logger="fastgraph"):
        for _ in range(2):
            assert len(api.run(operations.LIST_DOCUMENT, first=20)["products"]["nodes"]) == 4
            assert api.run(operations.SEARCH_DOCUMENT, term="lamp", first=20)["search"]["totalCount"] == 2
            assert api.run(operations.PRODUCT_DOCUMENT, slug=product.slug)["product"]["comments"]["nodes"]
            variables = operations.add_to_cart_variables(product.pk)
            assert api.run(operations.ADD_TO_CART_DOCUMENT, **variables)["addToCart"]["totalQuantity"]
    assert [record.message for record in caplog.records if record.name == "fastgraph"] == []


class TestRows:
    """Operations whose plan once failed, because a row was used as an instance."""

    @pytest.fixture(autouse=True)
    def _no_mistakes(self, caplog: pytest.LogCaptureFixture) -> Iterator[None]:
        yield
        assert [record for record in caplog.records if record.name == "fastgraph"] == []

    def test_favourites_of_the_signed_in(self, api: GraphQLClient) -> None:
        shopper = fill()["shopper"]
        assert shopper
        api.force_login(shopper)
        with CaptureQueriesContext(connection) as captured:
            found = api.run("{ me { favourites { nodes { id } } } }")
        assert len(found["me"]["favourites"]["nodes"]) == 3
        assert (
            len(captured) == 4
        )  # the session, the user, the user with the selected fields, and the favourites

    def test_facets_of_favourites(self, api: GraphQLClient) -> None:
        shopper = fill()["shopper"]
        assert shopper
        api.force_login(shopper)
        facets = api.run("{ me { favourites { facets { onSale } } } }")["me"]["favourites"]["facets"]
        assert facets == {"onSale": 1}

    def test_client_secret_of_a_payment(self, api: GraphQLClient) -> None:
        shopper = fill()["shopper"]
        assert shopper
        api.force_login(shopper)
        payment = Payment.objects.get(order__user=shopper)
        Payment.objects.filter(pk=payment.pk).update(client_secret="secret")
        text = f'{{ node(id: "{global_id("Payment", payment.pk)}") {{ ... on Payment {{ clientSecret }} }} }}'
        assert api.run(text)["node"] == {"clientSecret": "secret"}

    def test_an_order_without_an_address(self, api: GraphQLClient) -> None:
        shopper = make_user()
        api.force_login(shopper)
        Order.objects.create(user=shopper, currency="USD", amount=Decimal(0))
        text = "{ me { orders { nodes { shipping { city } payment { status } } } } }"
        assert api.run(text)["me"]["orders"]["nodes"] == [{"shipping": None, "payment": None}]


@strawberry.type
class PlainMutation:
    """A plain mutation, written without this API's decorator."""

    @strawberry.mutation
    def count(self, info: strawberry.Info) -> types.InsufficientStock:
        info.context.memo["count"] = info.context.memo.get("count", 0) + 1
        return types.InsufficientStock(
            code=ErrorCode.INSUFFICIENT_STOCK,
            message="",
            product_pk=0,
            variant_pk=0,
            requested=1,
            available=0,
        )


class TestMutations:
    """A mutation runs once, even if its answer has an error."""

    @pytest.mark.parametrize("directive", ["", "@include(if: true)"])
    def test_a_plain_one(self, directive: str) -> None:
        own = type(schema)(query=Root, mutation=PlainMutation, config=StrawberryConfig(scalar_map=SCALARS))
        context = context_of(None)
        result = own.run(
            f"mutation {{ count {directive} {{ product {{ name }} }} }}",
            variables={},
            operation_name=None,
            context=context,
            only_queries=False,
        )
        assert result.data is None
        assert result.errors
        [error] = result.errors
        assert error.path == ["count", "product"]
        assert context.memo["count"] == 1

    TOO_MANY = "... on Cart { items { quantity product { related(first: 99) { name } } } }"

    def test_an_answer_that_fails(self, api: GraphQLClient) -> None:
        product = make_product(stock=10)
        add = f'addToCart(input: {{productId: "{global_id("Product", product.pk)}"}})'
        answer = api.send(f"mutation {{ one: {add} {{ __typename }} two: {add} {{ {self.TOO_MANY} }} }}")
        assert answer["data"] is None
        [error] = answer["errors"]
        assert error["extensions"]["code"] == "BAD_USER_INPUT"
        assert error["path"] == ["two", "items", 0, "product", "related"]
        assert api.run("{ cart { totalQuantity } }")["cart"]["totalQuantity"] == 2

    def test_one_without_a_plan(self, api: GraphQLClient) -> None:
        product = make_product(stock=10)
        add = f'addToCart(input: {{productId: "{global_id("Product", product.pk)}"}})'
        text = f"mutation {{ {add} @include(if: true) {{ ... on Cart {{ totalQuantity }} }} }}"
        assert api.run(text)["addToCart"]["totalQuantity"] == 1

    def test_one_that_may_not_be_done_is_tried_once(self, api: GraphQLClient) -> None:
        comment = f'{{productId: "{global_id("Product", make_product().pk)}", body: "Good."}}'
        text = f"mutation {{ createComment(input: {comment}) {{ __typename }} }}"
        assert api.expect_refusal(text) == "UNAUTHENTICATED"
        by_address, _ = COMMENT_LIMITS
        usage = by_address.usage(RequestFactory().post("/graphql/"), account="", increment=False)
        assert usage["count"] == 1
