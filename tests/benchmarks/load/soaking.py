"""The memory of a worker over many requests of all kinds."""

from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks.load.cells import TERMS, make_additions, make_requests, unseen
from tests.benchmarks.load.contenders import Contender
from tests.benchmarks.load.driver import Request, send_by_turns
from tests.benchmarks.load.server import Server
from tests.benchmarks.load.shop import Shop
from tests.benchmarks.operations import LIST, PRODUCT, SEARCH

STORE = Contender.CACHED
SLICE_SECONDS = 20


def make_mixture(shop: Shop) -> list[Request]:
    """Return lists of every length, products, searches, additions to carts, and documents never seen."""
    lists = make_requests(LIST, STORE, [{"first": size} for size in range(1, 101)])
    products = make_requests(PRODUCT, STORE, [{"slug": slug} for slug in shop.discussed])
    searches = make_requests(
        SEARCH, STORE, [{"term": term, "first": size} for term in TERMS for size in (5, 20)]
    )
    additions = make_additions(shop, STORE)[:100]
    return [*lists, *products, *searches, *additions, *[unseen(STORE)] * 10]


def memory(server: Server, shop: Shop, *, requests: int, folder: Path) -> Iterator[tuple[int, int]]:
    """Yield the requests answered so far and the bytes of the largest worker, after each slice of `requests`."""
    answered = 0
    while answered < requests:
        sample = send_by_turns(server, make_mixture(shop), seconds=SLICE_SECONDS, folder=folder)
        answered += round(sample.rate * SLICE_SECONDS)
        yield answered, server.worker_bytes()
