"""A bare psycopg script: eight processes that repeat the store's own SQL and do nothing else.

This module must not import Django, because each process imports it.
"""

import multiprocessing
import re
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import groupby
from multiprocessing.synchronize import Barrier
from secrets import randbelow, token_hex
from typing import Any
from uuid import UUID, uuid4

import psycopg

# Larger than all other numbers, so that a key from the database is recognized in later statements.
FIRST_KEY = 1_000_000_000
# Keys of sessions and of PaymentIntents.
TOKEN = re.compile(r"[a-z0-9]{32}|pi_\w+")
ORDER_NUMBER = re.compile(r"\d{3}-\d{3}-\d{3}")


@dataclass(frozen=True, kw_only=True)
class Statement:
    """A recorded statement. `rows` are its result, if it was recorded."""

    sql: str
    parameters: Any
    in_transaction: bool
    rows: Sequence[Sequence[Any]] = ()


def replay(
    conninfo: str, purchases: Sequence[Sequence[Statement]], *, shoppers: int, seconds: float
) -> float:
    """Replay the purchases in a process for each shopper, and return the purchases per second."""
    context = multiprocessing.get_context("spawn")
    start = context.Barrier(shoppers)
    with ProcessPoolExecutor(shoppers, context, initializer=prepare, initargs=(start,)) as processes:
        jobs = [
            processes.submit(buy, conninfo, purchases[number::shoppers], seconds)
            for number in range(shoppers)
        ]
        return sum(job.result() for job in jobs)


class Process:
    start: Barrier


def prepare(start: Barrier) -> None:
    Process.start = start


def buy(conninfo: str, purchases: Sequence[Sequence[Statement]], seconds: float) -> float:
    """Repeat purchases in this process, and return the purchases per second."""
    with psycopg.connect(conninfo, autocommit=True) as database:
        repeat(database, purchases[0])
        Process.start.wait(timeout=60)
        began = time.perf_counter()
        bought = 0
        while (passed := time.perf_counter() - began) < seconds:
            repeat(database, purchases[bought % len(purchases)])
            bought += 1
    return bought / passed


def repeat(database: psycopg.Connection[Any], purchase: Sequence[Statement]) -> None:
    """Repeat the purchase as another visitor, with new keys and tokens, and with the keys that the database returns."""
    keys: dict[int, int] = {}
    uuids: Mapping[UUID, UUID] = defaultdict(uuid4)
    tokens: Mapping[str, str] = defaultdict(lambda: token_hex(16))
    numbers: Mapping[str, str] = defaultdict(draw_number)

    def renew(value: Any) -> Any:
        match value:
            case UUID():
                return uuids[value]
            case int() if value >= FIRST_KEY:
                return keys[value]
            case str() if TOKEN.fullmatch(value):
                return tokens[value]
            case str() if ORDER_NUMBER.fullmatch(value):
                return numbers[value]
            case list():
                return [renew(one) for one in value]
            case dict():
                return {name: renew(one) for name, one in value.items()}
        return value

    def send(statement: Statement) -> None:
        result = database.execute(statement.sql, renew(statement.parameters))
        rows = result.fetchall() if result.description else []
        for before, now in zip(statement.rows, rows, strict=True):
            keys.update(
                (old, new)
                for old, new in zip(before, now, strict=True)
                if isinstance(old, int) and old >= FIRST_KEY
            )

    for in_transaction, statements in groupby(purchase, key=lambda statement: statement.in_transaction):
        send_within(database, in_transaction, [*statements], send)


def draw_number() -> str:
    """Draw an order number, as orders.numbers does."""
    digits = str(100_000_000 + randbelow(900_000_000))
    return "-".join((digits[:3], digits[3:6], digits[6:]))


def send_within(
    database: psycopg.Connection[Any],
    in_transaction: bool,
    statements: Sequence[Statement],
    send: Callable[[Statement], None],
) -> None:
    if in_transaction:
        with database.transaction():
            for statement in statements:
                send(statement)
    else:
        for statement in statements:
            send(statement)
