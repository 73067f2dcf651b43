"""Stock notices that several workers and shoppers handle at once."""

from functools import partial

import pytest
from django.db import transaction
from django.utils import timezone

from catalog import notices
from catalog.models import Product, StockNotice
from catalog.stock import lock_products
from catalog.tasks import tell_waiting
from core.errors import NotFound
from tests.factories import make_product, set_stock, variant_of
from tests.races.conftest import at_once
from tests.tasks import outbox

pytestmark = pytest.mark.django_db(transaction=True)


def test_four_workers_tell_each_once() -> None:
    lamp = make_product(stock=0)
    everyone = [f"person{number:02}@example.com" for number in range(40)]
    for email in everyone:
        notices.subscribe(variant_pk=variant_of(lamp).pk, email=email, now=timezone.now())
    set_stock(lamp, 5)
    at_once(*[tell_waiting.call] * 4)
    assert sorted(mail.to[0] for mail in outbox) == everyone
    assert StockNotice.objects.count() == 0


def test_one_address_asks_ten_times_at_once() -> None:
    lamp = make_product(stock=0)
    key = variant_of(lamp).pk
    ask = partial(notices.subscribe, variant_pk=key, email="ada@example.com", now=timezone.now())
    at_once(*[ask] * 10)
    assert StockNotice.objects.count() == 1


def test_asking_while_the_product_is_deleted() -> None:
    lamp = make_product(stock=0)
    key = variant_of(lamp).pk

    def ask(number: int) -> str:
        try:
            notices.subscribe(variant_pk=key, email=f"person{number}@example.com", now=timezone.now())
        except NotFound:
            return "NotFound"
        return "Done"

    @transaction.atomic
    def delete() -> str:
        lock_products({lamp.pk})
        Product.objects.filter(pk=lamp.pk).delete()
        return "Deleted"

    answers = at_once(delete, *(partial(ask, number) for number in range(6)))
    assert set(answers) <= {"Deleted", "Done", "NotFound"}
    assert StockNotice.objects.count() == 0
