"""Products are written while their category moves. Afterwards each is listed where it belongs."""

import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from threading import Event
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, connections, transaction
from django.utils import timezone

from catalog.categories import delete_category, move_category
from catalog.listings import find_wrong_listings, list_again
from catalog.models import Category, Listing, Product
from catalog.pictures import delete_with_pictures
from catalog.services import publish_products, unpublish_products
from catalog.stock import lock_products, take_stock
from core.errors import NotFound, ValidationError
from orders.audit import differences_here
from tests.factories import make_category, make_product, make_products, make_user, variant_of
from tests.races.conftest import at_once

pytestmark = pytest.mark.django_db(transaction=True)

on_postgresql = pytest.mark.skipif(connection.vendor == "sqlite", reason="One writer at a time.")


class Shop:
    """Two places for a branch with three products, of which one is a draft, and a category next to the branch."""

    def __init__(self) -> None:
        self.here, self.there, self.other = (make_category() for _ in range(3))
        self.branch = make_category(parent=self.here)
        self.leaf = make_category(parent=self.branch)
        self.user = make_user()
        self.one, self.two = (make_product(category=self.leaf, user=self.user) for _ in range(2))
        self.draft = make_product(category=self.leaf, user=self.user, published_at=None)

    def add(self) -> None:
        make_product(category=Category.objects.get(pk=self.leaf.pk), user=self.user)

    def add_many(self) -> None:
        make_products(3, category=self.leaf, user=self.user)

    def publish(self) -> None:
        publish_products(Product.objects.filter(pk=self.draft.pk), now=timezone.now())

    def unpublish(self) -> None:
        unpublish_products(Product.objects.filter(category=self.leaf), now=timezone.now())

    def file_elsewhere(self) -> None:
        Product.objects.filter(pk=self.one.pk).update(category=self.other)

    def file_here(self) -> None:
        Product.objects.filter(pk=self.two.pk).update(category=self.branch)

    @transaction.atomic
    def rename(self) -> None:
        # In order, as all writes of several products lock them. An update alone takes them in any order.
        keys = set(Product.objects.filter(category=self.leaf).values_list("pk", flat=True))
        Product.objects.filter(pk__in=lock_products(keys)).update(sort_name="other")

    @transaction.atomic
    def delete(self) -> None:
        delete_with_pictures(lock_products({self.one.pk})[self.one.pk])

    def mend(self) -> None:
        list_again(self.one.pk)

    def move(self, parent: Category | None = None) -> None:
        move_category(category_pk=self.branch.pk, parent_pk=(parent or self.there).pk)


WRITES = [
    *(Shop.add, Shop.add_many, Shop.publish, Shop.unpublish, Shop.file_elsewhere, Shop.file_here),
    *(Shop.rename, Shop.delete, Shop.mend),
]


def overlap(first: Callable[[], object], second: Callable[[], object], *, commit: bool = True) -> None:
    """Do the first, and begin the second. It has to wait until the first is committed, or rolled back."""
    is_done, may_end = Event(), Event()

    def hold() -> None:
        try:
            with transaction.atomic():
                first()
                is_done.set()
                may_end.wait(timeout=30)
                transaction.set_rollback(not commit)
        finally:
            is_done.set()
            connections.close_all()

    def follow() -> None:
        try:
            second()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        holding = pool.submit(hold)
        assert is_done.wait(timeout=30)
        following = pool.submit(follow)
        try:
            with pytest.raises(TimeoutError):
                following.result(timeout=0.2)
        finally:
            may_end.set()
        holding.result()
        following.result()


def assert_right() -> None:
    assert not list(differences_here())


@on_postgresql
class TestOneAfterTheOther:
    def test_a_move_waits_for_what_is_written(self) -> None:
        for write in WRITES:
            shop = Shop()
            overlap(partial(write, shop), shop.move)
            assert_right()
            assert Category.objects.get(pk=shop.branch.pk).parent_id == shop.there.pk

    def test_what_is_written_waits_for_a_move(self) -> None:
        for write in WRITES:
            shop = Shop()
            overlap(shop.move, partial(write, shop))
            assert_right()

    def test_a_move_that_is_rolled_back(self) -> None:
        for write in (Shop.add, Shop.file_elsewhere, Shop.delete):
            shop = Shop()
            overlap(shop.move, partial(write, shop), commit=False)
            assert_right()
            assert Category.objects.get(pk=shop.branch.pk).parent_id == shop.here.pk

    def test_what_is_written_and_rolled_back(self) -> None:
        for write in (Shop.add, Shop.file_elsewhere, Shop.delete):
            shop = Shop()
            overlap(partial(write, shop), shop.move, commit=False)
            assert_right()
            assert Listing.objects.filter(category=shop.there).count() == 2

    def test_a_mend_waits_for_who_writes_the_product(self) -> None:
        shop = Shop()
        overlap(shop.rename, shop.mend)
        assert_right()

    def test_a_truncation_waits_for_a_move(self) -> None:
        shop = Shop()
        overlap(shop.move, partial(execute, "TRUNCATE catalog_product CASCADE"))
        assert not Listing.objects.exists()

    def test_a_sale_does_not_wait(self) -> None:
        shop = Shop()
        sale = partial(
            take_stock, quantities={variant_of(shop.one).pk: 1}, order_uuid=uuid4(), now=timezone.now()
        )
        with pytest.raises(pytest.fail.Exception, match="DID NOT RAISE"):
            overlap(shop.move, transaction.atomic(sale))
        assert not find_wrong_listings()


class TestAtOnce:
    """Everything at once, in an order that nobody chose."""

    @pytest.mark.parametrize("seed", range(6))
    def test_moves_and_writes(self, seed: int) -> None:
        shop, chance = Shop(), random.Random(seed)
        crossing = make_category(parent=shop.there)
        make_product(category=crossing, user=shop.user)
        tree = [
            *(partial(shop.move, parent) for parent in (shop.here, shop.there, crossing, shop.other)),
            partial(move_category, category_pk=shop.leaf.pk, parent_pk=shop.other.pk),
            partial(move_category, category_pk=crossing.pk, parent_pk=shop.leaf.pk),
            partial(move_category, category_pk=shop.there.pk, parent_pk=shop.here.pk),
            partial(delete_category, category_pk=shop.other.pk),
        ]
        writes = [partial(write, shop) for write in WRITES]
        at_once(*(partial(refused, *chance.sample([*tree, *writes, *writes], 5)) for _ in range(6)))
        assert_right()


def refused(*actions: Callable[[], object]) -> None:
    """Do one after the other. Some may be refused, because another was first."""
    for action in actions:
        with suppress(NotFound, ValidationError, KeyError, IntegrityError):
            action()


def execute(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)
