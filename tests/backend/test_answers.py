"""Answers to guests are kept until the data that they show changes."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from gzip import decompress
from hashlib import sha256
from pathlib import Path
from time import monotonic
from typing import Any
from uuid import uuid4

import pytest
from django.apps import apps
from django.conf import settings as django_settings
from django.db import connection, models, transaction
from django.utils import timezone
from graphql import get_named_type
from pytest_django import Settings

from accounts.models import Profile
from api.public import PUBLIC
from backend.answers import TABLES
from backend.schema import schema
from catalog.categories import move_category
from catalog.models import Category, Product
from catalog.previews import signer
from catalog.services import delete_product, update_product
from orders.cart import ShoppingCart
from orders.checkout import place
from orders.choices import Choice
from orders.links import token_of
from orders.models import Order, OrderStatus
from orders.owners import Owner
from packages.answer_cache import answers
from packages.answer_cache.keeper import FREQUENT
from packages.answer_cache.tables import Effect
from packages.replicas import reading
from reviews.models import Comment
from tests.conftest import GraphQLClient, global_id
from tests.factories import (
    make_category,
    make_comment,
    make_details,
    make_product,
    make_products,
    make_staff,
    make_user,
)
from tests.guests import Entrance
from tests.races.conftest import at_once

pytestmark = pytest.mark.django_db(transaction=True)

LIST = "{ products { nodes { name price { amount } rating { count } seller { name } } } }"
COMMENTS = "{ products { nodes { comments { nodes { body author { name } } } } } }"


def buy(product: Product, **owner: Any) -> Order:
    buyer = Owner(**(owner or {"visitor": uuid4()}))
    ShoppingCart(buyer).add(Choice(product.pk, by_product=True), 1, now=timezone.now())
    placed = place(
        address="127.0.0.1",
        owner=buyer,
        details=make_details(),
        idempotency_key=uuid4(),
        expected_total=None,
        now=timezone.now(),
    )
    return Order.objects.get(pk=placed.order_uuid)


class TestReplicas:
    @pytest.mark.parametrize("sql", [reading.POSITION, reading.REPLAYED, reading.BEHIND])
    def test_asking_how_far_they_are_outdates_nothing(self, sql: str) -> None:
        assert TABLES.effect(sql) == Effect()


class TestKept:
    def test_the_same_question_is_worked_out_once(self, entrance: Entrance) -> None:
        make_product(name="lamp")
        first, second = entrance.post(LIST), entrance.post(LIST)
        assert first.data["products"]["nodes"][0]["name"] == "lamp"
        assert (second.status, second.body) == (200, first.body)
        assert entrance.worked_out == 1
        same = first.headers.keys() & second.headers.keys() - {"X-Request-Id"}
        assert {name: first.headers[name] for name in same} == {name: second.headers[name] for name in same}
        assert len({first.headers["X-Request-Id"], second.headers["X-Request-Id"]}) == 2
        assert first.headers["Content-Security-Policy"]

    def test_the_answer_to_a_mailed_link_is_not(self, entrance: Entrance) -> None:
        token = token_of(buy(make_product()).pk)
        for _ in range(2):
            answer = entrance.post("query($t: String!) { orderByToken(token: $t) { status } }", {"t": token})
            assert answer.data == {"orderByToken": {"status": "PENDING"}}
        assert entrance.worked_out == 2

    def test_another_question_is_another(self, entrance: Entrance) -> None:
        make_products(2)
        query = "query($first: Int) { products(first: $first) { nodes { slug } } }"
        sizes = [len(entrance.post(query, {"first": first}).data["products"]["nodes"]) for first in (1, 2, 1)]
        assert sizes == [1, 2, 1]
        assert entrance.worked_out == 2

    @pytest.mark.parametrize(
        ("name", "values"),
        [
            ("HTTP_ORIGIN", ("http://localhost:3000", "http://localhost:5173")),
            ("HTTP_ACCEPT", ("application/json", "application/graphql-response+json")),
            ("HTTP_HOST", ("127.0.0.1", "localhost")),
        ],
    )
    def test_apart_for_whatever_the_answer_depends_on(
        self, entrance: Entrance, name: str, values: tuple[str, str]
    ) -> None:
        replies = [entrance.post(LIST, None, **{name: value}) for value in (*values, *values)]
        assert entrance.worked_out == 2
        assert [reply.status for reply in replies] == [200] * 4
        assert replies[0].headers.get("Content-Type") == replies[2].headers.get("Content-Type")
        if name == "HTTP_ORIGIN":
            allowed = [reply.headers["access-control-allow-origin"] for reply in replies]
            assert allowed == [*values, *values]

    def test_compressed_for_those_who_can_read_it(self, entrance: Entrance) -> None:
        make_products(20)
        plain = entrance.post(LIST)
        zipped = [entrance.post(LIST, HTTP_ACCEPT_ENCODING="br, gzip") for _ in range(2)]
        assert entrance.worked_out == 2
        for reply in zipped:
            assert reply.headers["Content-Encoding"] == "gzip"
            assert reply.headers["Content-Length"] == str(len(reply.body))
            assert decompress(reply.body) == plain.body
        assert "Content-Encoding" not in plain.headers
        assert zipped[0].headers["ETag"] != plain.headers["ETag"]

    def test_forgets_what_was_asked_longest_ago(
        self, entrance: Entrance, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(answers, "MAX_HELD_BYTES", 10_000)
        for number in range(5):
            entrance.post(f"{{ shop {{ currency }} }} # {number}")
        assert len(entrance.answers.kept) <= 3
        assert entrance.answers.held <= 10_000

    def test_only_for_a_while(self, entrance: Entrance, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(answers, "MAX_AGE_SECONDS", -1)
        entrance.post(LIST)
        entrance.post(LIST)
        assert entrance.worked_out == 2

    def test_not_where_it_is_switched_off(self, entrance: Entrance, settings: Settings) -> None:
        settings.STORE_ANSWER_CACHE = False
        off = Entrance()
        off.post(LIST)
        off.post(LIST)
        assert off.worked_out == 2


class TestByGet:
    def test_a_hash_is_answered_and_known_again(self, entrance: Entrance) -> None:
        make_product(name="lamp")
        digest = sha256(LIST.encode()).hexdigest()
        named = {"extensions": json.dumps({"persistedQuery": {"version": 1, "sha256Hash": digest}})}
        assert json.loads(entrance.get(named).body)["errors"][0]["message"] == "PersistedQueryNotFound"
        for _ in range(2):  # the document must reach Django each time, which keeps it
            entrance.get({**named, "query": LIST})
        assert entrance.worked_out == 3
        first = entrance.get(named)
        assert first.data["products"]["nodes"][0]["name"] == "lamp"
        assert first.headers["Cache-Control"] == "public, max-age=0, must-revalidate"
        assert {"Cookie", "X-Store-Session", "Origin", "Accept", "Accept-Encoding"} <= set(
            first.headers["Vary"].split(", ")
        )
        again = entrance.get(named, HTTP_IF_NONE_MATCH=first.headers["ETag"])
        assert (again.status, again.body) == (304, b"")
        assert again.headers["ETag"] == first.headers["ETag"]
        Product.objects.update(name="light")
        changed = entrance.get(named, HTTP_IF_NONE_MATCH=first.headers["ETag"])
        assert (changed.status, changed.data["products"]["nodes"][0]["name"]) == (200, "light")


class TestNotKept:
    def test_what_is_somebodys_own(self, entrance: Entrance) -> None:
        for query in ("{ me { email } }", "{ cart { totalQuantity } }", "{ shop { currency } cart { id } }"):
            for _ in range(2):
                reply = entrance.post(query)
                assert reply.headers["Cache-Control"] == "private, no-store"
        assert entrance.worked_out == 6

    def test_what_anybody_known_asks(self, entrance: Entrance) -> None:
        for _ in range(2):
            reply = entrance.post(LIST, HTTP_COOKIE=f"{django_settings.SESSION_COOKIE_NAME}=of-somebody")
            assert reply.headers["Cache-Control"] == "private, no-store"
        assert entrance.worked_out == 2

    @pytest.mark.parametrize("key", ["new", "", "of-somebody"])
    def test_what_is_asked_with_a_session_by_a_header(self, entrance: Entrance, key: str) -> None:
        for _ in range(2):
            entrance.post(LIST, HTTP_X_STORE_SESSION=key)
        assert entrance.worked_out == 2
        assert entrance.answers.kept == {}
        entrance.post(LIST)
        entrance.post(LIST, HTTP_X_STORE_SESSION=key)
        assert entrance.worked_out == 4

    def test_a_mutation(self, entrance: Entrance) -> None:
        for _ in range(2):
            assert entrance.post("mutation { logout }").data == {"logout": True}
        assert entrance.worked_out == 2

    def test_an_error(self, entrance: Entrance) -> None:
        for _ in range(2):
            assert b"BAD_USER_INPUT" in entrance.post("{ products(first: 0) { totalCount } }").body
        assert entrance.worked_out == 2

    @pytest.mark.parametrize("length", ["-1", "many", "²", "9" * 5000, str(10**8)])
    def test_what_has_no_proper_length(self, entrance: Entrance, length: str) -> None:
        headers = {"CONTENT_TYPE": "application/json", "CONTENT_LENGTH": length}
        reply = entrance.send("POST", headers, body=b'{"query": "{ shop { currency } }"}')
        assert reply.status in (400, 413)
        assert entrance.answers.kept == {}

    def test_what_another_site_asks(self, entrance: Entrance) -> None:
        entrance.post(LIST)
        assert entrance.post(LIST, HTTP_ORIGIN="https://evil.example").status == 403
        assert entrance.post(LIST, HTTP_HOST="evil.example").status == 400


CHANGES: dict[str, Callable[[Product], object]] = {
    "a name": lambda product: Product.objects.filter(pk=product.pk).update(name="light"),
    "a price, by its seller": lambda product: update_product(
        user=product.user,
        product_pk=product.pk,
        changes={"price": Decimal(3)},
        now=timezone.now(),
    ),
    "a new product": lambda product: make_product(),
    "many new products": lambda product: make_products(3),
    "a deleted product": lambda product: delete_product(user=product.user, product_pk=product.pk),
    "a rating": lambda product: make_comment(product=product, rating=1),
    "a seller's name": lambda product: Profile.objects.filter(user=product.user).update(name="Grace"),
}


class TestChanges:
    @pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
    def test_are_told_at_once(self, entrance: Entrance, change: Callable[[Product], object]) -> None:
        product = make_product(user=make_staff())
        before = entrance.post(LIST)
        change(product)
        after = entrance.post(LIST)
        assert after.data != before.data
        assert after.data == Entrance().post(LIST).data

    def test_of_a_comment(self, entrance: Entrance) -> None:
        comment = make_comment(body="good")
        assert b"good" in entrance.post(COMMENTS).body
        Comment.objects.filter(pk=comment.pk).update(active=False)
        assert b"good" not in entrance.post(COMMENTS).body

    def test_of_a_category(self, entrance: Entrance) -> None:
        make_category("Light")
        query = "{ categories { name } }"
        assert b"Light" in entrance.post(query).body
        Category.objects.update(name="Lamps")
        assert b"Lamps" in entrance.post(query).body

    def test_of_the_tree(self, entrance: Entrance) -> None:
        """A moved category changes its breadcrumbs and what is below others."""
        light, lamps = make_category("Light"), make_category("Lamps")
        make_product(category=lamps)
        query = '{ category(slug: "light") { productCount children { name } products { totalCount } } }'
        assert entrance.post(query).data["category"] == {
            "productCount": 0,
            "children": [],
            "products": {"totalCount": 0},
        }
        move_category(category_pk=lamps.pk, parent_pk=light.pk)
        assert entrance.post(query).data["category"] == {
            "productCount": 1,
            "children": [{"name": "Lamps"}],
            "products": {"totalCount": 1},
        }

    def test_by_a_connection_that_was_made_under_another_wrapper(self, entrance: Entrance) -> None:
        product = make_product(name="lamp")
        entrance.post(LIST)

        def change() -> None:
            with connection.execute_wrapper(lambda execute, *statement: execute(*statement)):
                Product.objects.count()
            Product.objects.filter(pk=product.pk).update(name="light")

        at_once(change)  # in a thread, which opens a new connection
        assert entrance.post(LIST).data["products"]["nodes"][0]["name"] == "light"

    def test_that_are_rolled_back_leave_all_as_it_was(self, entrance: Entrance) -> None:
        make_product(name="lamp")
        with transaction.atomic():
            Product.objects.update(name="light")
            transaction.set_rollback(True)
        for _ in range(2):
            assert entrance.post(LIST).data["products"]["nodes"][0]["name"] == "lamp"
        assert entrance.worked_out == 1  # and nobody holds the lock

    def test_that_are_going_on_keep_nothing(self, entrance: Entrance) -> None:
        make_product(name="lamp")
        with transaction.atomic():
            Product.objects.update(name="light")
            [reply] = at_once(lambda: entrance.post(LIST))
            assert reply.data["products"]["nodes"][0]["name"] == "lamp"
            assert entrance.answers.kept == {}
        assert entrance.post(LIST).data["products"]["nodes"][0]["name"] == "light"

    def test_are_announced_before_they_are_made(self, entrance: Entrance) -> None:
        make_product()
        known = entrance.answers.keeper
        assert known
        seen = [known.tokens()]

        def look(execute: Callable[..., Any], *statement: Any) -> Any:
            seen.append(known.tokens())
            return execute(*statement)

        with connection.execute_wrapper(look):
            Product.objects.update(name="light")
        before, during = seen
        assert during != before
        assert known.tokens() == during

    def test_that_died_with_their_process_hold_up_nobody(self, entrance: Entrance, tmp_path: Path) -> None:
        die = (
            "import os; change = Revision(Path(os.environ['FILE'])).change(); change.announce(0); os.abort()"
        )
        code = f"from pathlib import Path; from packages.answer_cache.revision import Revision; {die}"
        before = entrance.post(LIST)
        environment = {**os.environ, "FILE": str(tmp_path / "revision")}
        assert subprocess.run([sys.executable, "-c", code], env=environment, check=False).returncode < 0
        for _ in range(2):
            assert entrance.post(LIST).data == before.data
        assert entrance.worked_out == 2


SHOWS_SALES = (
    "{ products { nodes { stock } } }",
    "{ products { nodes { isAvailable } } }",
    "{ products(filter: {inStock: true}) { nodes { name } } }",
    "query($filter: ProductFilter) { products(filter: $filter) { totalCount } }",
    "{ products { facets { inStock } } }",
    "{ products(sort: BEST_SELLING) { nodes { name } } }",
    '{ search(term: "thing") { ... on ProductConnection { nodes { name } } } }',
    '{ searchSuggestions(prefix: "pro") }',
    "{ products { nodes { related { name } } } }",
    '{ search(term: "xyzzy") { ... on NoProductMatches { suggestions } } }',
)
# The other answers depend on sales through their order, which one sale need not change.
SHOWN_AT_ONCE = re.compile(r"stock|isAvailable|\$filter", re.IGNORECASE)


class TestSales:
    @pytest.mark.parametrize("query", SHOWS_SALES)
    def test_are_told_at_once_where_they_show(self, entrance: Entrance, query: str) -> None:
        for number in range(3):
            make_product(name=f"Product {number}", stock=1)
        variables = {"filter": {"inStock": True}} if "$filter" in query else {}
        before = entrance.post(query, variables)
        buy(Product.objects.get(name="Product 0"))
        after = entrance.post(query, variables)
        assert after.data == Entrance().post(query, variables).data
        assert entrance.worked_out == 2
        if SHOWN_AT_ONCE.search(query):
            assert after.data != before.data

    def test_of_the_author_of_a_comment(self, entrance: Entrance) -> None:
        product, author = make_product(), make_user()
        make_comment(product=product, user=author)
        query = "{ products { nodes { comments { nodes { verifiedPurchase } } } } }"
        order = buy(product, user=author)
        assert b"true" not in entrance.post(query).body
        Order.objects.filter(pk=order.pk).update(status=OrderStatus.PAID, paid_at=timezone.now())
        assert b"true" in entrance.post(query).body

    def test_leave_the_rest(self, entrance: Entrance) -> None:
        product = make_product()
        entrance.post(LIST)
        buy(product)
        entrance.post(LIST)
        assert entrance.worked_out == 1


class TestTables:
    """A write to an unlisted table outdates the answers, and no private table may be shown to guests."""

    def test_that_are_listed_exist(self) -> None:
        columns = {
            model._meta.db_table: {field.column for field in model._meta.concrete_fields}
            for model in apps.get_models(include_auto_created=True)
        }
        for tables in (TABLES.private, TABLES.frequent):
            for table, listed in tables.items():
                assert table in columns
                assert listed <= columns[table]

    def test_private_ones_belong_to_no_type_that_guests_are_shown(self) -> None:
        shown = {model._meta.db_table for model in models_shown_to_guests()}
        assert {"catalog_product", "catalog_category", "reviews_comment", "accounts_profile"} <= shown
        assert {table for table, listed in TABLES.private.items() if not listed}.isdisjoint(shown)

    def test_everyday_traffic_leaves_the_answers(self, entrance: Entrance) -> None:
        product = global_id("Product", make_product().pk)
        make_user(email="ada@example.com", password="a long passphrase")
        visitor = GraphQLClient()
        known = entrance.answers.keeper
        before = known.tokens()
        cart = "mutation($id: ID!) { addToCart(input: {productId: $id, quantity: 1}) { __typename } }"
        assert visitor.run(cart, id=product) == {"addToCart": {"__typename": "Cart"}}
        assert known.tokens() == before
        person = '{email: "ada@example.com", password: "a long passphrase"}'
        assert visitor.run(f"mutation {{ login(input: {person}) {{ __typename }} }}")
        favourite = "mutation($id: ID!) { addFavourite(input: {productId: $id}) { __typename } }"
        assert visitor.run(favourite, id=product)["addFavourite"] == {"__typename": "Product"}
        # Signing in moves the visitor's orders, so it writes to the table of orders.
        assert known.tokens()[:FREQUENT] == before[:FREQUENT]


def models_shown_to_guests() -> set[type[models.Model]]:
    """Return the models of all types that can be reached from PUBLIC fields."""
    query = schema._schema.query_type
    assert query
    public = [
        field
        for field in query.fields.values()
        if field.extensions["strawberry-definition"].metadata == PUBLIC
    ]
    reached: set[Any] = set()
    waiting = [get_named_type(field.type) for field in public]
    while waiting:
        type_ = waiting.pop()
        if type_ not in reached:
            reached.add(type_)
            waiting += [get_named_type(field.type) for field in getattr(type_, "fields", {}).values()]
            waiting += getattr(type_, "types", ())
    origins = [
        type_.extensions["strawberry-definition"].origin for type_ in reached if hasattr(type_, "fields")
    ]
    definitions = [getattr(origin, "__strawberry_django_definition__", None) for origin in origins]
    return {definition.model for definition in definitions if definition}


def test_a_publication_is_seen_within_a_minute(entrance: Entrance, monkeypatch: pytest.MonkeyPatch) -> None:
    """The moment comes without a write, so the answer is kept until it is too old."""
    make_product(name="Lamp", published_at=timezone.now() + timedelta(seconds=1))
    query = '{ product(slug: "lamp") { slug } }'
    for _ in range(2):
        assert entrance.post(query).data == {"product": None}
    assert entrance.worked_out == 1
    later = timezone.now() + timedelta(minutes=1)
    monkeypatch.setattr(timezone, "now", lambda: later)
    monkeypatch.setattr(answers, "monotonic", lambda: monotonic() + 60)
    assert entrance.post(query).data == {"product": {"slug": "lamp"}}


def test_a_preview_is_not_kept(entrance: Entrance) -> None:
    product = make_product(name="Lamp", published_at=None)
    query = 'query($token: String) { product(slug: "lamp", preview: $token) { slug } }'
    variables = {"token": signer.sign(str(product.pk))}
    for number in (1, 2):
        reply = entrance.post(query, variables)
        assert reply.data == {"product": {"slug": "lamp"}}
        assert reply.headers["Cache-Control"] == "private, no-store"
        assert entrance.worked_out == number
    assert entrance.answers.kept == {}
