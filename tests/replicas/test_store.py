"""The store with a replica that falls behind, freezes, dies and comes back: nobody is told less than was committed."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from packages.replicas.tests.pair import Server, pair, wait_for
from tests.benchmarks.load.server import serving

pytestmark = pytest.mark.slow

MAKE = "from tests.factories import make_product; make_product(name='Cup', slug='cup', stock=100_000)"
RESTOCK = """
from django.db.models import F
from catalog.models import Product
Product.objects.update(sold_count=F('sold_count') + 1, price={price}, final_price={price})
"""
CUP = '{ product(slug: "cup") { id price { amount } } }'
ADD = "mutation($id: ID!) { addToCart(input: {productId: $id, quantity: 1}) { __typename } }"
CART = "{ cart { totalQuantity } }"
# How often the server has read this table.
READS = "SELECT seq_scan + idx_scan FROM pg_stat_user_tables WHERE relname = 'orders_cartitem'"
ROUNDS = 15


class Visitor:
    """A visitor of the store, with a session if they keep their cookies."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.cookies = SimpleCookie()

    def run(self, document: str, **variables: object) -> Any:
        http = HTTPConnection("127.0.0.1", self.port, timeout=30)
        headers = {"Content-Type": "application/json"}
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{name}={cookie.value}" for name, cookie in self.cookies.items())
        http.request("POST", "/graphql/", json.dumps({"query": document, "variables": variables}), headers)
        response = http.getresponse()
        for value in response.headers.get_all("Set-Cookie", []):
            self.cookies.load(value)
        answer = json.loads(response.read())
        http.close()
        assert "errors" not in answer, answer
        return answer["data"]


@pytest.fixture(scope="module")
def servers() -> Iterator[tuple[Server, Server]]:
    with pair() as both:
        yield both


@pytest.fixture(scope="module")
def manage(servers: tuple[Server, Server], tmp_path_factory: pytest.TempPathFactory) -> Callable[..., None]:
    environment = environment_of(servers, tmp_path_factory.getbasetemp())

    def manage(*arguments: str) -> None:
        command = [sys.executable, "manage.py", *arguments]
        subprocess.run(command, cwd=settings.BASE_DIR, env=environment, check=True, capture_output=True)

    manage("migrate")
    manage("shell", "-c", MAKE)
    return manage


def environment_of(servers: tuple[Server, Server], folder: Path) -> dict[str, str]:
    primary, replica = servers
    return {
        "DEBUG": "true",
        "DATABASE_URL": primary.url,
        "DATABASE_REPLICA_URLS": replica.url,
        "STORE_ANSWER_CACHE": "true",
        "STORE_REVISION_FILE": str(folder / "revision"),
        "STRIPE_FAKE_DB": str(folder / "stripe.sqlite3"),
        "MEDIA_ROOT": str(folder),
    }


@pytest.fixture
def port(
    servers: tuple[Server, Server], manage: Callable[..., None], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[int]:
    folder = tmp_path_factory.getbasetemp()
    with serving(
        "backend.wsgi:application", environment=environment_of(servers, folder), log=folder / "store.log"
    ) as server:
        yield server.port


def test_reading_outdates_no_kept_answer(
    servers: tuple[Server, Server], port: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    _, replica = servers
    shopper = Visitor(port)
    shopper.run(ADD, id=shopper.run(CUP)["product"]["id"])
    revision = tmp_path_factory.getbasetemp() / "revision"
    noted, before = revision.read_bytes(), replica.ask(READS)
    wait_for(lambda: shopper.run(CART) and replica.ask(READS) != before)  # the replica answers
    assert revision.read_bytes() == noted


def test_nobody_is_told_less_than_was_committed(
    servers: tuple[Server, Server], manage: Callable[..., None], port: int
) -> None:
    _, replica = servers
    shopper, guest = Visitor(port), Visitor(port)
    cup = guest.run(CUP)["product"]["id"]
    shopper.run(ADD, id=cup)
    wait_for(lambda: shopper.run(CART) and replica.ask(READS) != (0,))  # the replica answers
    disturbances: list[Callable[[], object]] = [
        lambda: None,
        lambda: replica.ask("SELECT pg_wal_replay_pause()"),
        lambda: replica.ask("SELECT pg_wal_replay_resume()"),
        replica.freeze,
        replica.thaw,
        replica.kill,
        replica.start,
        lambda: None,
    ]
    added = 1
    for number, disturb in enumerate(disturbances, start=1):
        disturb()
        price = 10 + number
        manage("shell", "-c", RESTOCK.format(price=price))
        assert guest.run(CUP)["product"]["price"]["amount"] == f"{price}.00"
        for _ in range(ROUNDS):
            added += 1
            assert shopper.run(ADD, id=cup) == {"addToCart": {"__typename": "Cart"}}
            assert shopper.run(CART) == {"cart": {"totalQuantity": added}}
            assert guest.run(CUP)["product"]["price"]["amount"] == f"{price}.00"
    before = replica.ask(READS)
    wait_for(lambda: shopper.run(CART) and replica.ask(READS) != before)  # it answers again
