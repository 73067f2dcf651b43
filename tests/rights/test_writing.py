"""Rights of writing: each role gets the answer of its row. A refusal changes nothing.

A new mutation fails here until it is in CASES of tests/rights/cases.py.
"""

from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core import mail

from catalog.models import Product
from orders.payments.gateway import fake
from tests.conftest import global_id
from tests.rights.cases import CASES, REFUSALS, Case, mutations, name_of, offer, product
from tests.rights.shop import (
    CLERK,
    GUEST,
    OTHER,
    OTHER_SELLER,
    SELLER,
    SHOPPER,
    STAFF,
    VISITOR,
    Shop,
    graphql_schema,
    whole_database,
)


def state() -> dict[str, Any]:
    """Return everything that a mutation could change: rows, files, mails, and Stripe's events."""
    files = sorted(str(path) for path in Path(settings.MEDIA_ROOT).rglob("*"))
    return {**whole_database(), "files": files, "mails": len(mail.outbox), "stripe": fake().events()}


class TestTheTable:
    def test_has_every_mutation(self) -> None:
        assert {case.mutation for case in CASES} == set(mutations())

    def test_knows_all_refusals(self) -> None:
        """Every member of a union that is not the requested object is an error."""
        given = {answer for case in CASES for answer in case.answers.values()}
        errors = {
            type_.name
            for type_ in graphql_schema.get_possible_types(graphql_schema.type_map["UserError"])  # type: ignore[arg-type]
        }
        assert given & errors == REFUSALS & errors


REFUSED = [case for case in CASES if REFUSALS & set(case.answers.values())]
DONE = [
    pytest.param(case, role, id=f"{name_of(case)} by {role}")
    for case in CASES
    for role, answer in case.answers.items()
    if answer not in REFUSALS
]


@pytest.mark.parametrize("case", REFUSED, ids=name_of)
def test_refusals_change_nothing(shop: Shop, case: Case) -> None:
    input = case.input(shop) if case.input else None
    refused = {role: answer for role, answer in case.answers.items() if answer in REFUSALS}
    before = state()
    assert {role: outcome(shop, case.mutation, input, role=role) for role in refused} == refused
    assert state() == before


@pytest.mark.parametrize(("case", "role"), DONE)
def test_done(shop: Shop, case: Case, role: str) -> None:
    input = case.input(shop) if case.input else None
    assert outcome(shop, case.mutation, input, role=role) == case.answers[role]


def outcome(shop: Shop, mutation: str, input: dict[str, Any] | None, *, role: str) -> str:
    """Return the type of the answer, or the code of the error."""
    selection = "" if mutation == "logout" else "{ __typename }"
    browser = shop.browsers[role]
    if input is None:
        answer = browser.send(f"mutation {{ {mutation} {selection} }}")
    else:
        type_ = mutations()[mutation].args["input"].type
        document = f"mutation($input: {type_}) {{ {mutation}(input: $input) {selection} }}"
        answer = browser.send(document, input=input)
    if "errors" in answer:
        [error] = answer["errors"]
        assert answer["data"] is None
        return str(error["extensions"]["code"])
    value = answer["data"][mutation]
    return str(value["__typename"] if isinstance(value, dict) else value)


class TestWhatIsDone:
    """If other roles succeed, only their own rows have changed."""

    @pytest.mark.parametrize("role", [GUEST, VISITOR, OTHER, SELLER, OTHER_SELLER, STAFF, CLERK])
    @pytest.mark.parametrize("mutation", ["addToCart", "clearCart"])
    def test_to_ones_own_cart(self, shop: Shop, mutation: str, role: str) -> None:
        cart = "{ cart { items { quantity product { name } } } }"
        before = shop.browsers[SHOPPER].run(cart)
        outcome(shop, mutation, product(shop) if mutation == "addToCart" else None, role=role)
        assert shop.browsers[SHOPPER].run(cart) == before

    def test_by_another_seller_stays_the_sellers(self, shop: Shop) -> None:
        outcome(shop, "createProduct", offer(shop), role=OTHER_SELLER)
        assert Product.objects.get(name="New").user == shop.people[OTHER_SELLER]
        outcome(
            shop, "updateProduct", {"id": global_id("Product", shop.product.pk), "name": "Mine"}, role=STAFF
        )
        assert Product.objects.get(name="Mine").user == shop.people[SELLER]
