"""Writers against readers: every request after a commit sees it in the answer."""

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from threading import Event
from time import sleep

import pytest
from pytest_django import Settings

from catalog.models import Product
from packages.answer_cache import shared
from packages.answer_cache.tests.conftest import redis_url  # noqa: F401  # a fixture here too
from packages.answer_cache.tests.servers import Line
from tests.factories import make_product
from tests.guests import Entrance
from tests.races.conftest import at_once

pytestmark = pytest.mark.django_db(transaction=True)

WRITES = 100
READS_FOR_EACH = 8
READERS = 4
# With Redis, the writer's line is cut at every second stretch of this length.
STRETCH = 10


@pytest.fixture
def entrance(
    request: pytest.FixtureRequest, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Entrance:
    """The readers' machine, by the keeper that the test names."""
    monkeypatch.setattr(shared, "OUTAGE_SECONDS", 0.01)
    monkeypatch.setattr(shared, "RETRY_SECONDS", 0.0)
    settings.STORE_ANSWER_CACHE = True
    settings.STORE_REVISION_FILE = tmp_path / "revision"
    settings.STORE_ANSWER_KEEPER = request.param
    settings.REDIS_URL = request.getfixturevalue("redis_url") if request.param == "redis" else ""
    return Entrance()


@pytest.fixture
def disturb(entrance: Entrance, settings: Settings) -> Iterator[Callable[[int], None]]:
    """Give the writer a line of its own to Redis, and return what is called before each write."""
    if not settings.REDIS_URL:
        yield lambda number: None
        return
    line = Line(settings.REDIS_URL)
    settings.REDIS_URL = line.url

    def cut_or_mend(number: int) -> None:
        if number % STRETCH == 0:
            line.mend() if line.is_cut else line.cut()

    yield cut_or_mend
    line.close()


@pytest.mark.slow
@pytest.mark.parametrize("entrance", ["file", "redis"], indirect=True)
@pytest.mark.parametrize(("column", "field"), [("price", "price { amount }"), ("stock", "stock")])
def test_no_reader_is_told_less_than_was_committed(
    entrance: Entrance, disturb: Callable[[int], None], column: str, field: str
) -> None:
    product = make_product(stock=0)
    Product.objects.filter(pk=product.pk).update(**{column: 0, "final_price": 0})
    query = f'{{ product(slug: "{product.slug}") {{ {field} }} }}'
    committed = [0]
    done = Event()
    read: list[tuple[float, float]] = []

    def write() -> None:
        for number in range(1, WRITES + 1):
            disturb(number)
            Product.objects.filter(pk=product.pk).update(**{column: number})
            committed[0] = number
            while len(read) < READS_FOR_EACH * number:
                sleep(0.001)
        done.set()

    def ask() -> None:
        for _ in count():
            finished, known = done.is_set(), committed[0]
            shown = entrance.post(query).data["product"][column]
            read.append((known, float(shown["amount"] if column == "price" else shown)))
            if finished:
                return

    at_once(write, *[ask] * READERS)
    assert [(known, told) for known, told in read if told < known] == []
    assert entrance.post(query).data == Entrance().post(query).data
    assert entrance.worked_out < len(read)  # some answers came from the cache
