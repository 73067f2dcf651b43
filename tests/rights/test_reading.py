"""Rights of reading: a row for every field of the API, and every way to reach a row.

A new field fails here until it is in FIELDS of tests/rights/fields.py, and a new root query until it is in QUERIES.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain
from time import time
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from graphql import (
    GraphQLObjectType,
)

from orders.links import token_of
from orders.models import CartItem, Payment
from tests.conftest import GraphQLClient, global_id
from tests.rights.documents import everything, read, root
from tests.rights.fields import FIELDS, PARTS, QUERIES
from tests.rights.shop import (
    CLERK,
    EVERYONE,
    GUEST,
    NODES,
    OTHER,
    PEOPLE,
    ROLES,
    SECRETS,
    SELLER,
    SHOPPER,
    STAFF,
    VISITOR,
    Row,
    Shop,
    graphql_schema,
)


def object_types() -> Iterator[GraphQLObjectType]:
    for type_ in graphql_schema.type_map.values():
        if isinstance(type_, GraphQLObjectType) and not type_.name.startswith("__"):
            yield type_


# Each type's table, and its fields there.
TABLES = {
    **{name: ("FIELDS", fields.names()) for name, fields in FIELDS.items()},
    **{name: ("PARTS", set(fields.split())) for name, fields in PARTS.items()},
    "Query": ("QUERIES", set(QUERIES)),
}


class TestTheTables:
    @pytest.mark.parametrize("type_", [type_ for type_ in object_types() if type_.name in TABLES], ids=str)
    def test_have_every_field(self, type_: GraphQLObjectType) -> None:
        table, fields = TABLES[type_.name]
        missing, unknown = set(type_.fields) - fields, fields - set(type_.fields)
        assert not missing, f"{table} lacks {named(type_.name, missing)}."
        assert not unknown, f"The schema lacks {named(type_.name, unknown)}, which {table} has."

    def test_have_every_type_with_an_id_where_rows_are_seen(self, shop: Shop) -> None:
        listed = FIELDS.keys() & {row.type for row in shop.rows()}
        for type_ in NODES:
            assert type_ in listed, f"Add {type_} to FIELDS, and rows_of_{type_} to tests/rights/shop.py."

    def test_have_every_other_type(self) -> None:
        types = {type_.name for type_ in object_types()} - {"Mutation", *NODES}
        missing, unknown = types - TABLES.keys(), TABLES.keys() - types - {*NODES}
        assert not missing, f"PARTS lacks {', '.join(sorted(missing))}."
        assert not unknown, f"The schema lacks {', '.join(sorted(unknown))}."


def named(type_: str, fields: set[str]) -> str:
    return ", ".join(f"{type_}.{name}" for name in sorted(fields))


EMPTY = {
    "edges": [],
    "nodes": [],
    "pageInfo": {"hasNextPage": False, "hasPreviousPage": False, "startCursor": None, "endCursor": None},
}


class TestRows:
    @pytest.mark.parametrize("type_", NODES)
    def test_are_seen_by_those_of_the_table(self, shop: Shop, type_: str) -> None:
        for row in shop.rows():
            if row.type == type_:
                seen = {role for role in ROLES if read(shop.browsers[role], row, "id")}
                assert seen == row.seen_by, row

    @pytest.mark.parametrize("type_", [name for name in FIELDS if name != "Cart"])
    def test_read_alike_by_all_who_see_them(
        self, shop: Shop, type_: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        now = time()
        monkeypatch.setattr(
            "django.core.signing.time", SimpleNamespace(time=lambda: now)
        )  # links have the second
        fields = FIELDS[type_]
        for row in shop.rows():
            if row.type == type_:
                answer = read(shop.browsers[row.owner], row, fields.alike)
                for role in row.seen_by:
                    assert read(shop.browsers[role], row, fields.alike) == answer, (row, role)

    @pytest.mark.parametrize("type_", [name for name, fields in FIELDS.items() if fields.owner])
    def test_have_fields_for_their_owner_alone(self, shop: Shop, type_: str) -> None:
        for row in shop.rows():
            if row.type == type_:
                for role in row.seen_by:
                    values = (read(shop.browsers[role], row, FIELDS[type_].owner) or {}).values()
                    is_read = role == row.owner and row.has_secret
                    assert all((value is not None) is is_read for value in values), (row, role)


class TestEveryWay:
    """Every row that a role reaches by any fields is also visible by its id, and contains no secret."""

    @pytest.mark.parametrize("role", ROLES)
    def test_leads_to_rows_that_are_seen(self, shop: Shop, role: str) -> None:
        reach = Reach(shop.browsers[role])
        for name, (arguments, _) in QUERIES.items():
            if name != "orderByToken":  # it opens what nobody else sees: see the next test
                reach.ask(root(name, arguments(shop)))
        for row in shop.rows():
            reach.ask(root("node", {"id": row.id}))
            if row.type == "Order":
                reach.ask(root("order", {"uuid": str(row.key)}))
        reach.follow()
        assert reach.found == {(row.type, row.id) for row in shop.rows() if role in row.seen_by}
        read_by_them = {secret for secret in SECRETS if secret in "".join(reach.answers)}
        assert read_by_them == {secret for secret, roles in SECRETS.items() if role in roles}

    @pytest.mark.parametrize("role", [GUEST, OTHER])
    def test_leads_from_a_mailed_link_to_its_order_alone(self, shop: Shop, role: str) -> None:
        browser = shop.browsers[role]
        opened = browser.run(root("orderByToken", {"token": token_of(shop.order)}, whole=True))
        assert opened["orderByToken"]["user"] is None
        seen = {(row.type, row.id) for row in shop.rows() if role in row.seen_by}
        theirs = set(ids_in(opened)) - seen
        assert {type_ for type_, _ in theirs} == {"OrderItem", "Shipping", "Payment"}
        for type_, id in theirs:
            assert browser.run(f'{{ node(id: "{id}") {{ __typename }} }}') == {"node": None}, type_

    @pytest.mark.parametrize("role", ROLES)
    def test_ends_before_other_peoples_client_secrets(self, shop: Shop, role: str) -> None:
        reach = Reach(shop.browsers[role])
        for row in shop.rows():
            reach.ask(root("node", {"id": row.id}))
        reach.follow()
        own = {SHOPPER: shop.order, VISITOR: shop.visitors_order}.get(role)
        for payment in Payment.objects.all():
            assert payment.client_secret
            assert (payment.client_secret in "".join(reach.answers)) is (payment.order_id == own)


@dataclass
class Reach:
    """Everything that a browser reaches by selecting all fields of each object that it has found."""

    browser: GraphQLClient
    found: set[tuple[str, str]] = field(default_factory=set)
    answers: list[str] = field(default_factory=list)
    to_ask: list[tuple[str, str]] = field(default_factory=list)

    def ask(self, query: str) -> Any:
        data = self.browser.run(query)
        self.answers.append(json.dumps(data))
        for way in set(ids_in(data)) - self.found:
            self.found.add(way)
            self.to_ask.append(way)
        return data

    def follow(self) -> None:
        while self.to_ask:
            type_, id = self.to_ask.pop()
            wanted = everything(graphql_schema.type_map[type_])  # type: ignore[arg-type]  # what has an id is an object
            data = self.ask(f'{{ node(id: "{id}") {{ ... on {type_} {wanted} }} }}')
            assert data["node"], f"{type_} is reached, but not seen by its id."


def ids_in(value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        if value.get("__typename") in NODES:
            yield value["__typename"], value["id"]
        value = list(value.values())
    if isinstance(value, list):
        yield from chain.from_iterable(ids_in(part) for part in value)


class TestQueries:
    @pytest.mark.parametrize("name", sorted(QUERIES))
    def test_are_answered_to_those_of_the_table(self, shop: Shop, name: str) -> None:
        arguments, audience = QUERIES[name]
        query = root(name, arguments(shop))
        answers = {role: shop.browsers[role].run(query)[name] for role in ROLES}
        assert {role for role in ROLES if answers[role] is not None} == audience
        if name not in ("me", "cart", "unpublishedProducts"):
            assert all(answers[role] == answers[min(audience)] for role in audience)

    def test_me_is_the_caller(self, shop: Shop) -> None:
        for role, person in shop.people.items():
            assert shop.browsers[role].run("{ me { id } }") == {"me": {"id": global_id("User", person.pk)}}

    def test_a_search_and_its_facets_are_the_same_for_all(self, shop: Shop) -> None:
        query = '{ search(term: "lamp") { ... on ProductConnection { totalCount facets { inStock } } } }'
        assert len({json.dumps(shop.browsers[role].run(query)) for role in ROLES}) == 1


class TestCart:
    @pytest.mark.parametrize("role", ROLES)
    def test_is_the_callers_own(self, shop: Shop, role: str) -> None:
        row = Row(type="Cart", key="mine", owner=role, seen_by=EVERYONE)
        cart = read(shop.browsers[role], row)
        assert cart == shop.browsers[role].run(root("cart", {}, whole=True))["cart"]
        quantity = 1 if role in (SHOPPER, VISITOR) else 0
        assert (cart["totalQuantity"], len(cart["items"])) == (quantity, quantity)


class TestUnpublishedProducts:
    @pytest.mark.parametrize("role", sorted(PEOPLE))
    def test_are_those_of_the_seller_and_all_for_the_staff(self, shop: Shop, role: str) -> None:
        found = shop.browsers[role].run("{ unpublishedProducts { totalCount nodes { id isPublished } } }")
        product = {"id": global_id("Product", shop.unpublished.pk), "isPublished": False}
        nodes = [product] if role in (SELLER, STAFF) else []
        assert found == {"unpublishedProducts": {"totalCount": len(nodes), "nodes": nodes}}

    @pytest.mark.parametrize("role", ROLES)
    def test_have_a_page_for_those_who_see_them(self, shop: Shop, role: str) -> None:
        query = "query($slug: String!) { product(slug: $slug) { name } }"
        found = shop.browsers[role].run(query, slug=shop.unpublished.slug)["product"]
        assert (found is not None) is (role in (SELLER, STAFF))

    @pytest.mark.parametrize("role", ROLES)
    def test_lead_to_nothing_that_names_them(self, shop: Shop, role: str) -> None:
        """Not by their ids either: comments, lines of carts."""
        rows = [("Comment", shop.unpublished.comments.get().pk)]
        rows += [("CartItem", item.pk) for item in CartItem.objects.filter(product=shop.unpublished)]
        for type_, key in rows:
            found = shop.browsers[role].run(f'{{ node(id: "{global_id(type_, key)}") {{ id }} }}')["node"]
            assert (found is not None) is (type_ == "Comment" and role in (SELLER, STAFF))


class TestWhatDependsOnTheCaller:
    @pytest.mark.parametrize("role", ROLES)
    def test_is_favourite(self, shop: Shop, role: str) -> None:
        query = "query($slug: String!) { product(slug: $slug) { isFavourite } }"
        found = shop.browsers[role].run(query, slug=shop.product.slug)["product"]
        assert found == {"isFavourite": role == SHOPPER}

    @pytest.mark.parametrize("role", ROLES)
    def test_is_mine(self, shop: Shop, role: str) -> None:
        row = Row(type="Comment", key=shop.comment.pk, owner=SHOPPER, seen_by=EVERYONE)
        assert read(shop.browsers[role], row, "isMine") == {"isMine": role == SHOPPER}

    @pytest.mark.parametrize("role", ROLES)
    def test_comments_and_their_number(self, shop: Shop, role: str) -> None:
        query = "query($slug: String!) { product(slug: $slug) { comments { totalCount nodes { active } } } }"
        comments = shop.browsers[role].run(query, slug=shop.product.slug)["product"]["comments"]
        hidden = [False] if role in (SHOPPER, STAFF) else []
        assert comments == {
            "totalCount": 1 + len(hidden),
            "nodes": [{"active": active} for active in [*hidden, True]],
        }

    @pytest.mark.parametrize("role", sorted(PEOPLE))
    def test_orders_of_a_person(self, shop: Shop, role: str) -> None:
        row = Row(type="User", key=shop.people[SHOPPER].pk, owner=SHOPPER, seen_by=EVERYONE)
        user = read(shop.browsers[role], row, "orders")
        if role == CLERK:  # sees people, but not their orders
            assert user == {"orders": {**EMPTY, "totalCount": 0}}
        elif role in (SHOPPER, STAFF):
            assert user
            assert {order["id"] for order in user["orders"]["nodes"]} == {
                global_id("Order", key) for key in (shop.draft, shop.order, shop.shipped)
            }
        else:
            assert user is None


class TestReading:
    def test_makes_no_session(self, shop: Shop) -> None:
        before = Session.objects.count()
        for name, (arguments, _) in QUERIES.items():
            shop.browsers[GUEST].run(root(name, arguments(shop)))
        assert not shop.browsers[GUEST].cookies
        assert Session.objects.count() == before
