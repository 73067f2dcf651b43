"""The fake's memory: one SQLite file shared by threads and processes, apart from the shop's own tables."""

import json
import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from os import PathLike
from typing import Any

from packages.stripe_fake.errors import missing_resource

Body = dict[str, Any]

BUSY_TIMEOUT = 30.0

SCHEMA = """
PRAGMA journal_mode = WAL;
CREATE TABLE IF NOT EXISTS objects (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    object TEXT NOT NULL,
    created INTEGER NOT NULL,
    body TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS objects_by_kind ON objects (object, seq);
CREATE TABLE IF NOT EXISTS idempotency_keys (
    key TEXT PRIMARY KEY,
    path TEXT NOT NULL,
    parameters TEXT NOT NULL,
    created REAL NOT NULL,
    held_until REAL,
    status INTEGER,
    body TEXT
);
CREATE TABLE IF NOT EXISTS outbox (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    event TEXT NOT NULL,
    type TEXT NOT NULL,
    body TEXT NOT NULL,
    position REAL NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    next_try REAL,
    delivered REAL
);
CREATE INDEX IF NOT EXISTS outbox_due ON outbox (position) WHERE delivered IS NULL;
CREATE TABLE IF NOT EXISTS faults (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    pattern TEXT NOT NULL,
    remaining INTEGER,
    seconds REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS endpoints (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    url TEXT NOT NULL UNIQUE
);
"""


def new_id(prefix: str) -> str:
    return f"{prefix}_{secrets.token_hex(12)}"


@dataclass(frozen=True, kw_only=True)
class Transaction:
    """One request's view of the state, under SQLite's write lock until it ends.

    `now` is in seconds since the epoch; the request's id and key are None where a browser or a bank acts.
    """

    db: sqlite3.Connection
    now: float
    request_id: str | None = None
    idempotency_key: str | None = None

    @property
    def timestamp(self) -> int:
        return int(self.now)

    def save(self, body: Body) -> None:
        self.db.execute(
            "INSERT INTO objects (id, object, created, body) VALUES (?, ?, ?, ?)"
            " ON CONFLICT (id) DO UPDATE SET body = excluded.body",
            (body["id"], body["object"], body["created"], json.dumps(body)),
        )

    def find(self, object_id: str) -> Body | None:
        row = self.db.execute("SELECT body FROM objects WHERE id = ?", (object_id,)).fetchone()
        return None if row is None else json.loads(row["body"])

    def get(self, object_name: str, object_id: str, *, param: str) -> Body:
        """Return the object of that kind and id.

        Raises:
            ApiError: resource_missing.
        """
        body = self.find(object_id)
        if body is None or body["object"] != object_name:
            raise missing_resource(object_name, object_id, param=param)
        return body


class State:
    """The file at `path`, made when it does not exist."""

    def __init__(self, path: str | PathLike[str]) -> None:
        self._path = path
        with closing(self._connect()) as db:
            db.executescript(SCHEMA)

    def _connect(self) -> sqlite3.Connection:
        db = sqlite3.connect(self._path, timeout=BUSY_TIMEOUT, isolation_level=None)
        db.row_factory = sqlite3.Row
        # The state must outlive a killed process, not a power cut.
        db.execute("PRAGMA synchronous = OFF")
        return db

    @contextmanager
    def transaction(
        self, *, now: float, request_id: str | None = None, idempotency_key: str | None = None
    ) -> Iterator[Transaction]:
        """Open a transaction that is committed at the end of the block, or rolled back if the block raises.

        The connection lives as long, so that neither threads nor forked workers share one.
        """
        with closing(self._connect()) as db:
            db.execute("BEGIN IMMEDIATE")
            with db:
                yield Transaction(db=db, now=now, request_id=request_id, idempotency_key=idempotency_key)
