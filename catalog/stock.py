"""The stock ledger: every change of Product.stock goes through here and leaves a StockMovement.

All of these are steps of a caller's transaction and have none of their own. Product rows are locked in order of
primary key and after all else that a transaction locks (see CONTRIBUTING.md), so that no two orders deadlock.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from uuid import UUID

from django.db import connection
from django.db.models import Case, QuerySet, Value, When

from backend.errors import DomainError
from catalog.models import Product, StockMovement

Reason = StockMovement.Reason

FOLLOW_LEDGER = """
    UPDATE "catalog_product"
    SET stock = catalog_product.stock + movement.delta, sold_count = catalog_product.sold_count - movement.delta
    FROM catalog_stockmovement AS movement
    WHERE movement.order_uuid = %s AND movement.reason = %s AND movement.product_id = catalog_product.id
        AND catalog_product.stock + movement.delta >= 0
    RETURNING catalog_product.id
"""


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


def take_stock(*, quantities: Mapping[int, int], order_uuid: UUID, now: datetime) -> None:
    """Sell `quantities`, by primary key, of locked products to an order.

    InsufficientStock, with nothing taken by the caller's rollback, when any product has fewer. The update is
    conditional, so that it holds even where a lock does not.
    """
    deltas = {key: -quantity for key, quantity in quantities.items()}
    record(deltas, reason=Reason.SOLD, order_uuid=order_uuid, now=now)
    taken = follow_ledger(order_uuid=order_uuid, reason=Reason.SOLD)
    for key, quantity in quantities.items():
        if key not in taken:
            raise InsufficientStock(product=Product.objects.get(pk=key), requested=quantity)


def return_stock(*, order_uuid: UUID, reason: Reason, now: datetime) -> None:
    """Put back what the order took, of the products that still exist; a second time is an IntegrityError."""
    sold: QuerySet[StockMovement] = StockMovement.objects.filter(order_uuid=order_uuid, reason=Reason.SOLD)
    quantities = {key: -delta for key, delta in sold.values_list("product_id", "delta")}
    if not quantities:
        return
    lock_products(quantities)
    record(quantities, reason=reason, order_uuid=order_uuid, now=now)
    follow_ledger(order_uuid=order_uuid, reason=reason)


def follow_ledger(*, order_uuid: UUID, reason: Reason) -> set[int]:
    """Move the stock of products by the order's movements; answers with those that had enough for it."""
    key = StockMovement._meta.get_field("order_uuid").get_db_prep_save(order_uuid, connection)
    with connection.cursor() as cursor:
        cursor.execute(FOLLOW_LEDGER, [key, reason.value])
        return {product_pk for (product_pk,) in cursor.fetchall()}


def set_stock(product: Product, stock: int, *, now: datetime) -> None:
    """Count anew: what the seller, the staff or an import says there is. Locks the product."""
    before = Product.objects.select_for_update().values_list("stock", flat=True).get(pk=product.pk)
    product.stock = stock
    if stock != before:
        Product.objects.filter(pk=product.pk).update(stock=stock)
        record({product.pk: stock - before}, reason=Reason.SET, order_uuid=None, now=now)


def set_stocks(stocks: Mapping[int, int], *, now: datetime) -> None:
    """The same for many products, by primary key. Locks them."""
    products = Product.objects.select_for_update().filter(pk__in=stocks).order_by("pk")
    before = dict(products.values_list("pk", "stock"))
    changed = {key: stocks[key] for key, stock in before.items() if stocks[key] != stock}
    if changed:
        Product.objects.filter(pk__in=changed).update(stock=by_key(changed))
        deltas = {key: stock - before[key] for key, stock in changed.items()}
        record(deltas, reason=Reason.SET, order_uuid=None, now=now)


def record_first(products: Iterable[Product], *, now: datetime) -> None:
    """The movements of products that were just inserted with their stock."""
    stocks = {product.pk: product.stock for product in products if product.stock}
    record(stocks, reason=Reason.SET, order_uuid=None, now=now)


def record(deltas: Mapping[int, int], *, reason: Reason, order_uuid: UUID | None, now: datetime) -> None:
    StockMovement.objects.bulk_create(
        StockMovement(product_id=key, delta=delta, reason=reason, order_uuid=order_uuid, created_at=now)
        for key, delta in deltas.items()
    )


def by_key(quantities: Mapping[int, int]) -> Case:
    """An expression: each product's own quantity. One statement serves any number of products."""
    return Case(*(When(pk=key, then=Value(quantity)) for key, quantity in quantities.items()))
