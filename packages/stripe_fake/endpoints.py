"""Endpoints: where running stores take webhooks, as the stores themselves say when they start."""

import socket
from contextlib import suppress
from urllib.parse import urlsplit

from packages.stripe_fake.state import State, Transaction

REACHED_WITHIN = 1.0


def add(tx: Transaction, url: str) -> None:
    """The last to start comes first."""
    tx.db.execute("DELETE FROM endpoints WHERE url = ?", (url,))
    tx.db.execute("INSERT INTO endpoints (url) VALUES (?)", (url,))


def running(state: State, *, now: float) -> str | None:
    """The endpoint of the store that started last of those that still listen; the others are forgotten."""
    with state.transaction(now=now) as tx:
        urls: list[str] = [row["url"] for row in tx.db.execute("SELECT url FROM endpoints ORDER BY seq DESC")]
    for url in urls:
        if listens(url):
            return url
        with state.transaction(now=now) as tx:
            tx.db.execute("DELETE FROM endpoints WHERE url = ?", (url,))
    return None


def listens(url: str) -> bool:
    address = urlsplit(url)
    with suppress(OSError), socket.create_connection((address.hostname, address.port), REACHED_WITHIN):
        return True
    return False
