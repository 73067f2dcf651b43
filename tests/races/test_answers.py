"""Writers against readers: every request after a commit sees it in the answer."""

from itertools import count
from pathlib import Path
from threading import Event
from time import sleep

import pytest
from pytest_django import Settings

from catalog.models import Product
from tests.factories import make_product
from tests.guests import Entrance
from tests.races.conftest import at_once

pytestmark = pytest.mark.django_db(transaction=True)

WRITES = 100
READS_FOR_EACH = 8
READERS = 4


@pytest.mark.parametrize(("column", "field"), [("price", "price { amount }"), ("stock", "stock")])
def test_no_reader_is_told_less_than_was_committed(
    settings: Settings, tmp_path: Path, column: str, field: str
) -> None:
    settings.STORE_ANSWER_CACHE = True
    settings.STORE_REVISION_FILE = tmp_path / "revision"
    product = make_product(stock=0)
    Product.objects.filter(pk=product.pk).update(**{column: 0, "final_price": 0})
    query = f'{{ product(slug: "{product.slug}") {{ {field} }} }}'
    entrance = Entrance()
    committed = [0]
    done = Event()
    read: list[tuple[float, float]] = []

    def write() -> None:
        for number in range(1, WRITES + 1):
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
