"""A bare script of psycopg: the store's own SQL, sent again and again by eight processes, and nothing else.

Nothing here may import Django: each process imports this module anew.
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
from secrets import token_hex
from typing import Any
from uuid import UUID, uuid4

import psycopg

# Beyond all other numbers, so that a key that the database gave is known where it comes up again.
FIRST_KEY = 1_000_000_000
# Keys of sessions and of PaymentIntents.
TOKEN = re.compile(r"[a-z0-9]{32}|pi_\w+")


@dataclass(frozen=True, kw_only=True)
class Statement:
    """`rows` are what it answered with, kept where they were asked for."""

    sql: str
    parameters: Any
    in_transaction: bool
    rows: Sequence[Sequence[Any]] = ()


def replayed(
    conninfo: str, purchases: Sequence[Sequence[Statement]], *, shoppers: int, seconds: float
) -> float:
    """Purchases a second by as many processes as there are shoppers, each with purchases of its own."""
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
    """In a process of its own: purchases a second."""
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
    """As another visitor: keys and tokens are made anew, and those that the database gives are followed."""
    keys: dict[int, int] = {}
    uuids: Mapping[UUID, UUID] = defaultdict(uuid4)
    tokens: Mapping[str, str] = defaultdict(lambda: token_hex(16))

    def anew(value: Any) -> Any:
        match value:
            case UUID():
                return uuids[value]
            case int() if value >= FIRST_KEY:
                return keys[value]
            case str() if TOKEN.fullmatch(value):
                return tokens[value]
            case list():
                return [anew(one) for one in value]
            case dict():
                return {name: anew(one) for name, one in value.items()}
        return value

    def send(statement: Statement) -> None:
        result = database.execute(statement.sql, anew(statement.parameters))
        rows = result.fetchall() if result.description else []
        for before, now in zip(statement.rows, rows, strict=True):
            keys.update(
                (old, new)
                for old, new in zip(before, now, strict=True)
                if isinstance(old, int) and old >= FIRST_KEY
            )

    for in_transaction, statements in groupby(purchase, key=lambda statement: statement.in_transaction):
        sent_within(database, in_transaction, [*statements], send)


def sent_within(
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
