"""A row that one field joins and another one annotates is read once, with both."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from catalog.services import add_favourite
from tests.conftest import GraphQLClient, global_id
from tests.factories import add_pictures, make_product, make_user, variant_of

pytestmark = pytest.mark.django_db

# `image` and `selectedOptions` of a variant read its product, and so do lines of a cart.
OF_VARIANTS = """
    query($slug: String!) { product(slug: $slug) {
        variants { image { url } selectedOptions { value } product { isFavourite name category { name } } }
    } }
"""
OF_CART = """
    { cart { items { quantity variant { image { url } title product { isFavourite name category { name } } } } } }
"""


ADD = """
    mutation($variantId: ID!) { addToCart(input: {variantId: $variantId, quantity: 1}) { __typename } }
"""


def shopper_of(
    sizes: str, signed_in: Callable[[User], GraphQLClient]
) -> tuple[GraphQLClient, dict[str, Any]]:
    """A shopper who has a lamp in these sizes in the cart, and among the favourites; and its slug, as a variable."""
    user = make_user()
    variants = [{"values": size} for size in sizes]
    lamp = make_product(name="Lamp", stock=9, options=["Size"], variants=variants)
    add_pictures(lamp, "front")
    add_favourite(user=user, product_pk=lamp.pk, now=timezone.now())
    browser = signed_in(user)
    for size in sizes:
        browser.run(ADD, variantId=global_id("ProductVariant", variant_of(lamp, size).pk))
    return browser, {"slug": lamp.slug}


def products(data: Any) -> list[Any]:
    """The products of all variants in the answer, each of which has the product's picture."""
    lines = data["product"]["variants"] if "product" in data else data["cart"]["items"]
    variants = [line.get("variant", line) for line in lines]
    assert all(variant["image"]["url"].endswith(".jpg") for variant in variants)
    return [variant["product"] for variant in variants]


@pytest.mark.parametrize("document", [OF_VARIANTS, OF_CART])
def test_a_joined_row_has_its_annotation_and_its_columns(
    document: str, signed_in: Callable[[User], GraphQLClient]
) -> None:
    browser, variables = shopper_of("SML", signed_in)
    found = products(browser.run(document, **variables))
    assert [(product["isFavourite"], product["name"]) for product in found] == [(True, "Lamp")] * 3
    assert all(product["category"]["name"] for product in found)


@pytest.mark.parametrize("document", [OF_VARIANTS, OF_CART])
def test_the_number_of_rows_costs_no_statement(
    document: str, signed_in: Callable[[User], GraphQLClient]
) -> None:
    counts = []
    for sizes in ("S", "SML"):
        browser, variables = shopper_of(sizes, signed_in)
        browser.run(document, **variables)
        with CaptureQueriesContext(connection) as captured:
            assert len(products(browser.run(document, **variables))) == len(sizes)
        counts.append(len(captured))
    assert counts[0] == counts[1]
