"""A recorder of the SQL of an operation, in this process."""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import connection
from django.test import Client, override_settings

from orders.models import Cart, CartItem, Order, OrderItem, Shipping
from tests.benchmarks.load.bare import FIRST_KEY, Statement
from tests.benchmarks.load.contenders import APPLICATIONS, Contender
from tests.benchmarks.load.driver import Request

TRANSACTION_CONTROL = ("BEGIN", "SAVEPOINT", "RELEASE SAVEPOINT", "ROLLBACK")


@contextmanager
def record(*, rows: bool = False) -> Iterator[list[Statement]]:
    """Record the statements of the block. `rows` works on PostgreSQL only, whose cursors can be read twice."""
    statements: list[Statement] = []

    def note(execute: Callable[..., Any], sql: str, parameters: Any, many: bool, context: Any) -> Any:
        result = execute(sql, parameters, many, context)
        found: Sequence[Sequence[Any]] = ()
        cursor = context["cursor"].cursor
        if rows and cursor.description:
            found = cursor.fetchall()
            if found:
                cursor.scroll(0, mode="absolute")
        statements.append(
            Statement(
                sql=sql,
                parameters=plain(parameters or ()),
                in_transaction=connection.in_atomic_block,
                rows=found,
            )
        )
        return result

    with connection.execute_wrapper(note):
        yield statements


def plain(value: Any) -> Any:
    """Replace members of enumerations by their text, so that another process need not import their modules."""
    if isinstance(value, dict):
        return {name: plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    return str(value) if isinstance(value, str) else value


def number_of_statements(contender: Contender, requests: Sequence[Request]) -> str:
    """Count the statements of each request, without those that control transactions: `2`, or `9+7+7+20`."""
    browser = Client()
    counts = []
    urls = APPLICATIONS[contender][1].get("REFERENCE", "backend.urls")
    with override_settings(ROOT_URLCONF=urls):
        for request in requests:
            with record() as statements:
                post(browser, request)
            counts.append(sum(not statement.sql.startswith(TRANSACTION_CONTROL) for statement in statements))
    return "+".join(map(str, counts))


def post(browser: Client, request: Request) -> Any:
    """Post the request, check that it succeeds, and return its answer."""
    if request.session:
        browser.cookies["sessionid"] = request.session
    response = browser.post(request.path, json.dumps(request.body), "application/json", secure=True)
    answer = response.json()
    assert not answer.get("errors"), answer
    assert request.marker in response.content.decode(), answer
    return answer


def record_purchases(purchases: Sequence[Sequence[Request]]) -> list[list[Statement]]:
    """Return the statements of each purchase with their rows."""
    with connection.cursor() as cursor:
        for number, model in enumerate((Cart, CartItem, Order, OrderItem, Shipping), start=1):
            table, key = model._meta.db_table, model._meta.pk.column
            cursor.execute("SELECT pg_get_serial_sequence(%s, %s)", [table, key])
            [sequence] = cursor.fetchone()
            if sequence:
                cursor.execute("SELECT setval(%s, %s)", [sequence, number * FIRST_KEY])
    found = []
    for purchase in purchases:
        browser = Client()
        with record(rows=True) as statements:
            for request in purchase:
                post(browser, request)
        found.append(statements)
    return found
