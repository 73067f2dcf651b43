"""Endpoints: the webhook addresses of running stores, which the stores register when they start."""

import socket
from contextlib import suppress
from urllib.parse import urlsplit

from packages.stripe_fake.state import State, Transaction

REACHED_WITHIN = 1.0


def add(tx: Transaction, url: str) -> None:
    """Register the store that takes webhooks at `url` as the last one started."""
    tx.db.execute("DELETE FROM endpoints WHERE url = ?", (url,))
    tx.db.execute("INSERT INTO endpoints (url) VALUES (?)", (url,))


def running(state: State, *, now: float) -> str | None:
    """Return the endpoint of the last store started that still listens. Endpoints that do not listen are deleted."""
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
