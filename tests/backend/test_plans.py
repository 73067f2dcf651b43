"""Plans answer what graphql-core's executor answers, in no more statements."""

import logging
from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from random import Random
from typing import Any
from uuid import uuid4

import graphql
import pytest
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.db import SessionStore
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from graphql import GraphQLObjectType, OperationDefinitionNode, get_named_type, is_abstract_type, is_leaf_type

from accounts.models import User
from api.context import Context
from backend.http.documents import Document
from backend.schema import schema
from catalog.models import Product
from catalog.services import add_favourite, update_product
from core.errors import OperationTooLarge
from orders.cart import Cart
from orders.checkout import place
from orders.owners import Owner
from packages.fastgraph import Plan
from reviews.schema import COMMENT_LIMITS
from tests.benchmarks import operations
from tests.conftest import GraphQLClient, global_id
from tests.factories import (
    make_address,
    make_category,
    make_comment,
    make_picture,
    make_product,
    make_seller,
    make_staff,
    make_user,
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
    """Writes queries by the schema: any fields, aliased, in fragments, some levels deep, with arguments that fit."""

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
    """A small shop, and who may ask it."""
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
    for product in products[:3]:
        make_comment(product=product, user=shopper, rating=5)
        make_comment(product=product, rating=3)
        make_comment(product=product, active=False)
        add_favourite(user=shopper, product_pk=product.pk, now=timezone.now())
    owner = Owner(user=shopper)
    for kept in (False, True):
        Cart(owner).add(products[0].pk, 2, now=timezone.now())
        Cart(owner).add(products[1].pk, 1, now=timezone.now())
        if not kept:
            place(
                owner=owner,
                shipping=make_address(),
                idempotency_key=uuid4(),
                expected_total=None,
                now=timezone.now(),
            )
    Product.objects.filter(pk=products[1].pk).update(stock=0)
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
    nodes += [("Order", order.pk), ("User", shopper.pk), ("Cart", "mine"), ("Profile", seller.profile.pk)]
    return {
        "node": [f'(id: "{global_id(name, key)}")' for name, key in nodes],
        "profile": [f'(slug: "{seller.profile.slug}")', '(slug: "nobody")'],
        "category": ['(slug: "light")', '(slug: "none")'],
        "product": ['(slug: "desk-lamp")', '(slug: "oak-lamp")', '(slug: "none")'],
        "products": [*sizes, *sorted_pages, *filtered],
        "search": ['(term: "lamp")', '(term: "lmap", sort: PRICE_ASC)', '(term: "xyzzy")'],
        "searchSuggestions": ['(prefix: "l")'],
        "order": [f'(uuid: "{order.pk}")'],
        "comments": sizes,
        "favourites": sizes,
        "orders": sizes,
        "related": sizes,
        "sitemap": ["", "(first: 1)"],
        "thumbnail": ["", "(size: SMALL)"],
    }


def context_of(user: User | None) -> Context:
    request: HttpRequest = RequestFactory().post("/graphql/")
    request.user = user or AnonymousUser()
    request.session = SessionStore()
    return Context(request=request, response=HttpResponse())


def fails(plan: Plan, context: Context) -> bool:
    try:
        plan.run({}, context)
    except Exception:
        return True
    return False


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
            document.weight(operation, {})  # most are too large, and to validate those takes longest
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
        if expected.errors:
            assert fails(plan, context_of(people[role])), text
            outcomes["refused"] += 1
            continue
        for again in (False, True):  # the second time by SQL that was kept
            with CaptureQueriesContext(connection) as planned:
                assert plan.run({}, context_of(people[role])) == expected.data, (again, text)
            assert len(planned) <= len(plain), text
        outcomes["answered"] += 1
    assert outcomes["answered"] > outcomes["refused"]


def test_what_is_asked_most_needs_nothing_but_its_plan(
    api: GraphQLClient, caplog: pytest.LogCaptureFixture
) -> None:
    people = fill()
    assert people["shopper"]
    api.force_login(people["shopper"])
    product = Product.objects.get(slug="desk-lamp")
    with caplog.at_level(logging.DEBUG, logger="backend.plans"):
        for _ in range(2):
            assert len(api.run(operations.LIST_DOCUMENT, first=20)["products"]["nodes"]) == 4
            assert api.run(operations.SEARCH_DOCUMENT, term="lamp", first=20)["search"]["totalCount"] == 2
            assert api.run(operations.PRODUCT_DOCUMENT, slug=product.slug)["product"]["comments"]["nodes"]
            variables = operations.add_to_cart_variables(product.pk)
            assert api.run(operations.ADD_TO_CART_DOCUMENT, **variables)["addToCart"]["totalQuantity"]
    assert [record.message for record in caplog.records if record.name == "backend.plans"] == []


class TestMutations:
    """What is done is done once, also where graphql-core works out the answer because the plan could not."""

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
        assert api.refused(text) == "UNAUTHENTICATED"
        by_address, _ = COMMENT_LIMITS
        usage = by_address.usage(RequestFactory().post("/graphql/"), account="", increment=False)
        assert usage["count"] == 1
