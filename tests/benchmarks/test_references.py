"""The benchmark's references answer like the store. Otherwise the comparison would be unfair."""

import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any, Literal

import pytest
from django.conf import settings as project
from pytest_django import Settings

from catalog.models import Product
from tests.benchmarks.operations import (
    ADD_TO_CART,
    CHECKOUT,
    LIST,
    PRODUCT,
    SEARCH,
    Operation,
    add_to_cart_variables,
    checkout_variables,
)
from tests.conftest import GraphQLClient
from tests.factories import make_comment, make_product

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

Reference = Literal["handwritten", "plain"]
# Values that differ in each answer, and fields of the references alone.
ARBITRARY = ("uuid", "clientSecret")


@pytest.fixture
def ask(settings: Settings) -> Callable[..., Any]:
    """Return the data of the store's answer, or of the named reference's."""
    store = settings.ROOT_URLCONF

    def data(
        operation: Operation,
        browser: GraphQLClient,
        variables: dict[str, Any],
        *,
        reference: Reference | None = None,
    ) -> Any:
        settings.ROOT_URLCONF = f"tests.benchmarks.references.{reference}.urls" if reference else store
        path = operation.path if reference == "handwritten" else "/graphql/"
        body = operation.body(variables, plain=reference == "plain")
        answer = browser.post(path, body, content_type="application/json").json()
        assert not answer.get("errors"), answer["errors"]
        return answer["data"]

    return data


def comparable(answer: Any, *, cursors: bool = True) -> Any:
    """Remove values that always differ, and give plain Strawberry-Django's answers the store's shape."""
    if isinstance(answer, list):
        return [comparable(value, cursors=cursors) for value in answer]
    if not isinstance(answer, dict):
        return answer
    left_out = ARBITRARY if cursors else (*ARBITRARY, "endCursor")
    kept = {name: value for name, value in answer.items() if name not in left_out}
    if "edges" in kept:
        kept["nodes"] = [edge["node"] for edge in kept.pop("edges")]
    return {name: comparable(value, cursors=cursors) for name, value in kept.items()}


def offer(count: int) -> list[Product]:
    """Make products with and without a picture, a discount and stock, two of them added at the same time."""
    products = [
        make_product(name=f"Oak lamp {number}", discount=number % 3 * 5, stock=number % 4)
        for number in range(count)
    ]
    Product.objects.filter(pk__in=[product.pk for product in products[::2]]).update(
        image="products/lamp.jpg", image_width=60, image_height=40
    )
    Product.objects.filter(pk__in=[product.pk for product in products[:2]]).update(
        added_at=products[0].added_at, published_at=products[0].added_at
    )
    return products


class TestList:
    @pytest.mark.parametrize("reference", ["handwritten", "plain"])
    @pytest.mark.parametrize("count", [20, 23])
    def test_the_same(self, api: GraphQLClient, ask: Any, reference: Reference, count: int) -> None:
        offer(count)
        ours = ask(LIST, api, {"first": 20})
        theirs = ask(LIST, api, {"first": 20}, reference=reference)
        cursors = reference == "handwritten"
        assert comparable(theirs, cursors=cursors) == comparable(ours, cursors=cursors)
        assert len(ours["products"]["nodes"]) == 20
        assert ours["products"]["totalCount"] == count


class TestSearch:
    def test_the_same(self, api: GraphQLClient, ask: Any) -> None:
        offer(5)
        make_product(name="Chair")
        variables = {"term": "lamps", "first": 3}
        ours = ask(SEARCH, api, variables)
        assert ask(SEARCH, api, variables, reference="handwritten") == ours
        assert ours["search"]["totalCount"] == 5


class TestProduct:
    @pytest.mark.parametrize("reference", ["handwritten", "plain"])
    @pytest.mark.parametrize("comments", [0, 3, 12])
    def test_the_same(self, api: GraphQLClient, ask: Any, reference: Reference, comments: int) -> None:
        product = offer(comments + 1)[-1]
        for number in range(comments):
            make_comment(product=product, rating=number % 5 + 1)
        make_comment(product=product, active=False)
        ours = ask(PRODUCT, api, {"slug": product.slug})
        theirs = ask(PRODUCT, api, {"slug": product.slug}, reference=reference)
        cursors = reference == "handwritten"
        assert comparable(theirs, cursors=cursors) == comparable(ours, cursors=cursors)
        assert len(ours["product"]["comments"]["nodes"]) == min(comments, 10)


class TestPurchase:
    @pytest.mark.parametrize("reference", ["handwritten", "plain"])
    def test_the_same(self, ask: Any, reference: Reference) -> None:
        products = [make_product(discount=15, stock=20), make_product(), make_product()]
        Product.objects.filter(pk=products[1].pk).update(image="products/lamp.jpg")
        browsers: dict[Reference | None, GraphQLClient] = {None: GraphQLClient(), reference: GraphQLClient()}

        def both(operation: Operation, variables: dict[str, Any]) -> list[Any]:
            return [
                comparable(ask(operation, browser, variables, reference=name))
                for name, browser in browsers.items()
            ]

        for product in [*products, products[0]]:
            ours, theirs = both(ADD_TO_CART, add_to_cart_variables(product.pk))
            assert theirs == ours
            assert ours["addToCart"]["__typename"] == "Cart"
        ours, theirs = both(CHECKOUT, checkout_variables())
        assert theirs == ours
        assert ours["checkout"]["amount"]["amount"] == "37.00"


@pytest.mark.parametrize("reference", ["handwritten", "plain"])
def test_starts_without_the_store(reference: Reference) -> None:
    urls = f"tests.benchmarks.references.{reference}.urls"
    script = f"import django; django.setup(); import {urls}"
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.benchmarks.references.settings",
        "REFERENCE": urls,
    }
    subprocess.run([sys.executable, "-c", script], cwd=project.BASE_DIR, env=environment, check=True)
