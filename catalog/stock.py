"""The stock ledger: every change of Product.stock goes through here and leaves a StockMovement.

All of these are steps of a caller's transaction and have none of their own. Product rows are locked in order of
primary key and after all else that a transaction locks (see CONTRIBUTING.md), so that no two orders deadlock.
"""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from django.db.models import Case, F, QuerySet, Value, When

from backend.errors import DomainError
from catalog.models import Product, StockMovement

Reason = StockMovement.Reason


class InsufficientStock(DomainError):
    """Fewer are left than were asked for. `product_pk` names the product."""

    code = "INSUFFICIENT_STOCK"

    def __init__(self, *, product: Product, requested: int) -> None:
        left = f"only {product.stock} left" if product.stock else "sold out"
        super().__init__(f"“{product.name}” is {left}.")
        self.product_pk = product.pk
        self.requested = requested
        self.available = product.stock


def lock_products(keys: Mapping[int, object] | set[int]) -> dict[int, Product]:
    """The products that still exist, by primary key, locked in its order until the transaction ends."""
    locked = Product.objects.select_for_update().filter(pk__in=keys).order_by("pk")
    return {product.pk: product for product in locked}


def take_stock(
    products: Mapping[int, Product], *, quantities: Mapping[int, int], order_uuid: UUID, now: datetime
) -> None:
    """Sell `quantities` (by primary key) of the locked `products` to an order.

    InsufficientStock, with nothing taken by the caller's rollback, when any product has fewer. The update is
    conditional, so that it holds even where a lock does not.
    """
    for key, quantity in quantities.items():
        if products[key].stock < quantity:
            raise InsufficientStock(product=products[key], requested=quantity)
    taken = by_key(quantities)
    rows = Product.objects.filter(pk__in=quantities, stock__gte=taken).update(
        stock=F("stock") - taken, sold_count=F("sold_count") + taken
    )
    if rows != len(quantities):
        raise sold_out_meanwhile(quantities)
    record(
        {key: -quantity for key, quantity in quantities.items()},
        reason=Reason.SOLD,
        order_uuid=order_uuid,
        now=now,
    )


def sold_out_meanwhile(quantities: Mapping[int, int]) -> InsufficientStock:
    """The refusal for the first product that has fewer than is wanted of it."""
    product = Product.objects.filter(pk__in=quantities, stock__lt=by_key(quantities)).order_by("pk")[0]
    return InsufficientStock(product=product, requested=quantities[product.pk])


def return_stock(*, order_uuid: UUID, reason: Reason, now: datetime) -> None:
    """Put back what the order took, of the products that still exist; a second time is an IntegrityError."""
    sold: QuerySet[StockMovement] = StockMovement.objects.filter(order_uuid=order_uuid, reason=Reason.SOLD)
    quantities = {key: -delta for key, delta in sold.values_list("product_id", "delta")}
    if not quantities:
        return
    lock_products(quantities)
    returned = by_key(quantities)
    Product.objects.filter(pk__in=quantities).update(
        stock=F("stock") + returned, sold_count=F("sold_count") - returned
    )
    record(quantities, reason=reason, order_uuid=order_uuid, now=now)


def set_stock(product: Product, stock: int, *, now: datetime) -> None:
    """Count anew: what the seller, the staff or an import says there is. Locks the product."""
    before = Product.objects.select_for_update().values_list("stock", flat=True).get(pk=product.pk)
    product.stock = stock
    if stock != before:
        Product.objects.filter(pk=product.pk).update(stock=stock)
        record({product.pk: stock - before}, reason=Reason.SET, order_uuid=None, now=now)


def record_counted(deltas: Mapping[int, int], *, now: datetime) -> None:
    """The movements of products whose stock the caller has written with their rows: inserted, or locked before."""
    moved = {key: delta for key, delta in deltas.items() if delta}
    record(moved, reason=Reason.SET, order_uuid=None, now=now)


def record(deltas: Mapping[int, int], *, reason: Reason, order_uuid: UUID | None, now: datetime) -> None:
    StockMovement.objects.bulk_create(
        StockMovement(product_id=key, delta=delta, reason=reason, order_uuid=order_uuid, created_at=now)
        for key, delta in deltas.items()
    )


def by_key(quantities: Mapping[int, int]) -> Case:
    """An expression: each product's own quantity. One statement serves any number of products."""
    return Case(*(When(pk=key, then=Value(quantity)) for key, quantity in quantities.items()))
