"""The stock ledger. Every change of Product.stock goes through here and leaves a StockMovement.

The functions run in their caller's transaction. Product rows are locked in order of primary key, and after everything
else that a transaction locks (see CONTRIBUTING.md), so that no two orders deadlock.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.db.models import Case, QuerySet, Value, When

from catalog.models import Product, StockMovement
from core.errors import DomainError

Reason = StockMovement.Reason

# Moves the counts of an order's products by its movements, where the condition allows it. The subquery locks the rows
# in order of primary key first. The update alone would lock them in any order, and two orders could deadlock.
FOLLOW_LEDGER = """
    UPDATE "catalog_product"
    SET {changes}
    FROM (
        SELECT product.id, movement.delta
        FROM catalog_stockmovement AS movement JOIN catalog_product AS product ON product.id = movement.product_id
        WHERE movement.order_uuid = %s AND movement.reason = %s
        ORDER BY product.id {lock}
    ) AS moved
    WHERE catalog_product.id = moved.id AND {condition}
    RETURNING catalog_product.id, catalog_product.name, catalog_product.final_price
"""
MOVE_STOCK = (
    "stock = catalog_product.stock + moved.delta, sold_count = catalog_product.sold_count - moved.delta"
)
MOVE_HELD = "held = catalog_product.held - moved.delta"
RELEASE = "held = catalog_product.held + moved.delta"
# Enough are in stock, and one unpaid order takes at most its share of them: see `most_for_an_order`.
MAY_TAKE = """
    catalog_product.stock + moved.delta >= 0
    AND (-moved.delta <= %s OR -100 * moved.delta <= %s * catalog_product.stock)
"""
# Records thousands of movements at once, from a JSON object of deltas by primary key.
RECORD_COUNTED = {
    vendor: f"""
        INSERT INTO catalog_stockmovement (product_id, delta, reason, created_at)
        SELECT CAST(key AS bigint), CAST(value AS integer), %s, %s FROM {rows}(%s)
    """
    for vendor, rows in {"sqlite": "json_each", "postgresql": "json_each_text"}.items()
}


class InsufficientStock(DomainError):
    """Fewer are left than were requested, or one order may not take that many. `product_pk` is the product's."""

    code = "INSUFFICIENT_STOCK"

    def __init__(self, *, product: Product, requested: int, available: int | None = None) -> None:
        """`available` is the number that one order can take, if that is less than the stock."""
        self.available = product.stock if available is None else available
        if self.available < product.stock:
            message = f"One order can take {self.available} of “{product.name}” until it is paid."
        else:
            message = f"“{product.name}” is {f'only {product.stock} left' if product.stock else 'sold out'}."
        super().__init__(message)
        self.product_pk = product.pk
        self.requested = requested


def lock_products(keys: Mapping[int, object] | set[int]) -> dict[int, Product]:
    """Return the products that still exist by primary key.

    Locks:
        The products, in order of primary key.
    """
    locked = Product.objects.select_for_update().filter(pk__in=keys).order_by("pk")
    return {product.pk: product for product in locked}


def take_stock(*, quantities: Mapping[int, int], order_uuid: UUID, now: datetime) -> dict[int, Product]:
    """Sell `quantities`, by primary key, to an order. Return the products with their names and prices.

    The order holds them until `release` or `return_stock`. A deleted product is missing from the result; the caller
    must then refuse the order.

    Locks:
        The products, in order of primary key.
    Raises:
        InsufficientStock: a product has too few, or it is more than `most_for_an_order`. The caller's rollback undoes
            the rest.
    """
    deltas = {key: -quantity for key, quantity in quantities.items()}
    record(deltas, reason=Reason.SOLD, order_uuid=order_uuid, now=now)
    taken = follow_ledger(
        order_uuid=order_uuid,
        reason=Reason.SOLD,
        changes=f"{MOVE_STOCK}, {MOVE_HELD}",
        condition=MAY_TAKE,
        parameters=[settings.STORE_HOLD_MINIMUM, settings.STORE_HOLD_SHARE],
    )
    if missing := quantities.keys() - taken.keys():
        scarce = Product.objects.filter(pk__in=missing).order_by("pk").first()
        if scarce:
            available = min(scarce.stock, most_for_an_order(scarce))
            raise InsufficientStock(product=scarce, requested=quantities[scarce.pk], available=available)
    return taken


def most_for_an_order(product: Product) -> int:
    """Return how many of a product one order may take before it is paid: a share of the stock.

    What one order leaves, the next can take a share of. So it takes many orders, and an owner has few unpaid ones, to
    hold all of a product. A limit on all of them together would let whoever fills it shut out everybody else. An
    order may always take STORE_HOLD_MINIMUM, so that the last ones of a small stock can be bought.
    """
    share: int = settings.STORE_HOLD_SHARE * product.stock // 100
    least: int = settings.STORE_HOLD_MINIMUM
    return max(least, share)


def release(*, order_uuid: UUID) -> None:
    """Stop holding what a paid order took.

    Locks:
        The products, in order of primary key.
    """
    follow_ledger(order_uuid=order_uuid, reason=Reason.SOLD, changes=RELEASE)


def return_stock(*, order_uuid: UUID, reason: Reason, now: datetime, held: bool = False) -> None:
    """Return what the order took to the stock of the products that still exist. An unpaid order has `held` it.

    Locks:
        The products, in order of primary key.
    Raises:
        IntegrityError: the order's stock was returned before.
    """
    sold: QuerySet[StockMovement] = StockMovement.objects.filter(order_uuid=order_uuid, reason=Reason.SOLD)
    deltas = {key: -delta for key, delta in sold.values_list("product_id", "delta")}
    products = lock_products(deltas)
    record({key: deltas[key] for key in products}, reason=reason, order_uuid=order_uuid, now=now)
    changes = f"{MOVE_STOCK}, {MOVE_HELD}" if held else MOVE_STOCK
    follow_ledger(order_uuid=order_uuid, reason=reason, changes=changes)


def follow_ledger(
    *, order_uuid: UUID, reason: Reason, changes: str, condition: str = "TRUE", parameters: Sequence[int] = ()
) -> dict[int, Product]:
    """Move the counts of products by the order's movements. Return the products that the condition let move.

    Locks:
        The products, in order of primary key.
    """
    can_lock = connection.features.has_select_for_update
    lock = connection.ops.for_update_sql(of=("product",)) if can_lock else ""
    statement = FOLLOW_LEDGER.format(changes=changes, condition=condition, lock=lock)
    key = StockMovement._meta.get_field("order_uuid").get_db_prep_save(order_uuid, connection)
    moved = Product.objects.using(connection.alias).raw(statement, [key, reason.value, *parameters])
    return {product.pk: product for product in moved}


def set_stock(product: Product, stock: int, *, now: datetime) -> None:
    """Set the stock to a new count by the seller, the staff or an import.

    Locks:
        The product.
    """
    before = Product.objects.select_for_update().values_list("stock", flat=True).get(pk=product.pk)
    product.stock = stock
    if stock != before:
        Product.objects.filter(pk=product.pk).update(stock=stock)
        record({product.pk: stock - before}, reason=Reason.SET, order_uuid=None, now=now)


def record_counted(deltas: Mapping[int, int], *, now: datetime) -> None:
    """Record the movements of products whose stock the caller wrote with the row, inserted or locked before."""
    moved = {key: delta for key, delta in deltas.items() if delta}
    if not moved:
        return
    created_at = StockMovement._meta.get_field("created_at").get_db_prep_save(now, connection)
    with connection.cursor() as cursor:
        cursor.execute(RECORD_COUNTED[connection.vendor], [Reason.SET.value, created_at, json.dumps(moved)])


def record(deltas: Mapping[int, int], *, reason: Reason, order_uuid: UUID | None, now: datetime) -> None:
    StockMovement.objects.bulk_create(
        StockMovement(product_id=key, delta=delta, reason=reason, order_uuid=order_uuid, created_at=now)
        for key, delta in deltas.items()
    )


def by_key(quantities: Mapping[int, int]) -> Case:
    """Return an expression of each product's own quantity, so that one statement serves any number of products."""
    return Case(*(When(pk=key, then=Value(quantity)) for key, quantity in quantities.items()))
