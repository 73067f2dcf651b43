from decimal import Decimal
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import Sum
from django.utils import timezone

from catalog import stock
from catalog.models import Product, ProductVariant, StockMovement
from catalog.stock import InsufficientStock, Reason, return_stock, take_stock
from tests.factories import make_product, set_stock, variant_of
from tests.races.interleaving import slip_in

pytestmark = pytest.mark.django_db

NOW = timezone.now()


def take(order_uuid: object, **quantities: int) -> None:
    """Take quantities, by name of product, as an order does."""
    products = {product.name: product for product in Product.objects.filter(name__in=quantities)}
    by_key = {variant_of(products[name]).pk: quantity for name, quantity in quantities.items()}
    with transaction.atomic():
        take_stock(quantities=by_key, order_uuid=order_uuid, now=NOW)  # type: ignore[arg-type]


def stocks() -> dict[str, int]:
    """Return the stocks by name, after checking them against the movements."""
    rows = Product.objects.annotate(booked=Sum("movements__delta", default=0))
    for row in rows:
        assert row.stock == row.booked
    return {row.name: row.stock for row in rows}


class TestTakeStock:
    def test_takes_all(self) -> None:
        make_product(name="lamp", stock=5)
        make_product(name="chair", stock=2)
        order = uuid4()
        take(order, lamp=5, chair=1)
        assert stocks() == {"lamp": 0, "chair": 1}
        assert Product.objects.get(name="lamp").sold_count == 5
        movements = StockMovement.objects.filter(order_uuid=order).order_by("product__name")
        assert [(row.product.name, row.delta, row.reason) for row in movements] == [
            ("chair", -1, "sold"),
            ("lamp", -5, "sold"),
        ]

    def test_refuses_and_takes_nothing_where_one_has_too_few(self) -> None:
        make_product(name="lamp", stock=5)
        chair = make_product(name="chair", stock=2)
        with pytest.raises(InsufficientStock) as refused:
            take(uuid4(), lamp=1, chair=3)
        assert (refused.value.product_pk, refused.value.requested, refused.value.available) == (
            chair.pk,
            3,
            2,
        )
        assert "only 2 left" in refused.value.message
        assert stocks() == {"lamp": 5, "chair": 2}
        assert not Product.objects.filter(sold_count__gt=0).exists()

    def test_leaves_out_deleted_products(self) -> None:
        """The caller must refuse the deleted products."""
        lamp = make_product(name="lamp", stock=5)
        chair = make_product(name="chair")
        quantities = {variant.pk: 1 for variant in ProductVariant.objects.all()}
        chair.delete()
        order = uuid4()
        with transaction.atomic():
            taken = take_stock(quantities=quantities, order_uuid=order, now=NOW)
            transaction.set_rollback(True)
        assert [(sold.product_id, sold.final_price) for sold in taken.values()] == [(lamp.pk, Decimal(10))]

    def test_says_sold_out(self) -> None:
        make_product(name="lamp", stock=0)
        with pytest.raises(InsufficientStock, match="sold out"):
            take(uuid4(), lamp=1)

    def test_refuses_what_was_sold_before(self) -> None:
        lamp = make_product(name="lamp", stock=5)
        take(uuid4(), lamp=4)
        with pytest.raises(InsufficientStock) as refused, transaction.atomic():
            take_stock(quantities={variant_of(lamp).pk: 2}, order_uuid=uuid4(), now=NOW)
        assert refused.value.available == 1
        assert stocks() == {"lamp": 1}

    def test_an_order_takes_once(self) -> None:
        make_product(name="lamp", stock=5)
        order = uuid4()
        take(order, lamp=1)
        with pytest.raises(IntegrityError):
            take(order, lamp=1)
        assert stocks() == {"lamp": 4}


class TestReturnStock:
    @pytest.mark.parametrize("reason", [Reason.RETURNED, Reason.RESTOCKED])
    def test_gives_back_what_was_taken(self, reason: Reason) -> None:
        make_product(name="lamp", stock=5)
        make_product(name="chair", stock=2)
        order = uuid4()
        take(order, lamp=3, chair=2)
        with transaction.atomic():
            return_stock(order_uuid=order, reason=reason, now=NOW)
        assert stocks() == {"lamp": 5, "chair": 2}
        assert not Product.objects.filter(sold_count__gt=0).exists()

    @pytest.mark.parametrize("again", [Reason.RETURNED, Reason.RESTOCKED])
    def test_never_twice(self, again: Reason) -> None:
        make_product(name="lamp", stock=5)
        order = uuid4()
        take(order, lamp=3)
        with transaction.atomic():
            return_stock(order_uuid=order, reason=Reason.RETURNED, now=NOW)
        with pytest.raises(IntegrityError), transaction.atomic():
            return_stock(order_uuid=order, reason=again, now=NOW)
        assert stocks() == {"lamp": 5}

    def test_leaves_out_deleted_products(self) -> None:
        make_product(name="lamp", stock=5)
        chair = make_product(name="chair", stock=2)
        order = uuid4()
        take(order, lamp=3, chair=1)
        chair.delete()
        with transaction.atomic():
            return_stock(order_uuid=order, reason=Reason.RETURNED, now=NOW)
        assert stocks() == {"lamp": 5}

    def test_leaves_out_a_product_that_is_deleted_this_moment(self, monkeypatch: pytest.MonkeyPatch) -> None:
        make_product(name="lamp", stock=5)
        chair = make_product(name="chair", stock=2)
        order = uuid4()
        take(order, lamp=3, chair=1)
        slip_in(monkeypatch, stock, "lock_products", before=chair.delete)
        with transaction.atomic():
            return_stock(order_uuid=order, reason=Reason.RETURNED, now=NOW)
        connection.check_constraints()
        assert stocks() == {"lamp": 5}

    def test_of_an_order_that_took_nothing(self) -> None:
        make_product(name="lamp", stock=5)
        with transaction.atomic():
            return_stock(order_uuid=uuid4(), reason=Reason.RETURNED, now=NOW)
        assert stocks() == {"lamp": 5}


class TestSetStock:
    @pytest.mark.parametrize(("stock", "deltas"), [(7, [2, 5]), (0, [-5, 5]), (5, [5])])
    def test_books_the_difference(self, stock: int, deltas: list[int]) -> None:
        lamp = make_product(name="lamp", stock=5)
        set_stock(lamp, stock, now=NOW)
        assert lamp.stock == stock
        assert stocks() == {"lamp": stock}
        assert list(StockMovement.objects.values_list("delta", flat=True)) == deltas

    def test_reads_what_is_there_now(self) -> None:
        lamp = make_product(name="lamp", stock=5)
        take(uuid4(), lamp=2)
        set_stock(lamp, 5, now=NOW)
        assert stocks() == {"lamp": 5}
        assert StockMovement.objects.first().delta == 2  # type: ignore[union-attr]
