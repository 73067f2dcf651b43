"""The stock ledger. Every change of a variant's stock goes through here and leaves a StockMovement.

The functions run in their caller's transaction. Products are locked in order of primary key, and after everything
else that a transaction locks (see CONTRIBUTING.md), so that no two orders deadlock. The lock on a product is also the
lock on its variants: whoever has it may write them, and then the product's columns that are made of them.
"""

import json
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.db.models import Case, F, IntegerField, QuerySet, Sum, Value, When
from django.utils.translation import gettext as _

from catalog.announcing import announce_low_stock
from catalog.models import Product, ProductVariant, StockMovement, full_name
from catalog.visibility import PUBLISHED_AT, current_moment, is_published
from core.errors import DomainError

Reason = StockMovement.Reason

# Records any number of movements at once, from a JSON object of deltas by the variants' primary keys.
RECORD = {
    vendor: f"""
        INSERT INTO catalog_stockmovement (product_id, variant_id, delta, reason, order_uuid, created_at)
        SELECT variant.product_id, variant.id, CAST(moved.value AS integer), %s, %s, %s
        FROM {rows}(%s) AS moved JOIN catalog_productvariant AS variant ON variant.id = CAST(moved.key AS bigint)
    """
    for vendor, rows in {"sqlite": "json_each", "postgresql": "json_each_text"}.items()
}
# Moves the counts of an order's variants by its movements, where the condition allows it.
FOLLOW_LEDGER = """
    UPDATE "catalog_productvariant"
    SET {changes}
    FROM catalog_stockmovement AS moved
    WHERE catalog_productvariant.id = moved.variant_id AND moved.order_uuid = %s AND moved.reason = %s
        AND {condition} {locked}
    RETURNING catalog_productvariant.id, catalog_productvariant.product_id, sku, option_1, option_2, option_3,
        final_price, stock, weight_grams, requires_shipping
"""
# Locks the products first, in order of primary key. As an array it is evaluated once, before the first variant. In a
# join each variant would lock its product again, from the version that the statement's snapshot has: of two orders
# with two variants of one product, each could then wait for the other.
LOCK_PRODUCTS = """
    AND catalog_productvariant.product_id = ANY(ARRAY(
        SELECT product.id FROM catalog_product AS product
        WHERE product.id IN (
            SELECT movement.product_id FROM catalog_stockmovement AS movement
            WHERE movement.order_uuid = %s AND movement.reason = %s
        )
        ORDER BY product.id {lock}
    ))
"""
MOVE_STOCK = "stock = catalog_productvariant.stock + moved.delta"
MOVE_HELD = "held = catalog_productvariant.held - moved.delta"
RELEASE = "held = catalog_productvariant.held + moved.delta"
# Enough are in stock, and one unpaid order takes at most its share of them: see `most_for_an_order`.
MAY_TAKE = """
    catalog_productvariant.stock + moved.delta >= 0
    AND (-moved.delta <= %s OR -100 * moved.delta <= %s * catalog_productvariant.stock)
"""
# Moves the counts of the products after those of their variants. It is a statement of its own: this one sees what
# others had written to the variants before they released the lock on the product. On PostgreSQL the statement that
# waited for the lock would not.
FOLLOW_VARIANTS = """
    UPDATE "catalog_product"
    SET stock = catalog_product.stock + moved.delta, sold_count = catalog_product.sold_count - moved.delta {prices}
    FROM (
        SELECT movement.product_id AS id, SUM(movement.delta) AS delta
        FROM catalog_stockmovement AS movement
        WHERE movement.order_uuid = %s AND movement.reason = %s AND movement.variant_id IS NOT NULL
        GROUP BY movement.product_id
    ) AS moved
    WHERE catalog_product.id = moved.id
    RETURNING catalog_product.id, catalog_product.name, catalog_product.tax_class_id,
        (SELECT path FROM catalog_category WHERE catalog_category.id = catalog_product.category_id),
        catalog_product.published_at <= %s
"""
# The prices of a product: those of its cheapest variant in stock, or of the cheapest if none is.
CHEAPEST = """
    (price, discount, final_price) = (
        SELECT variant.price, variant.discount, variant.final_price
        FROM catalog_productvariant AS variant WHERE variant.product_id = catalog_product.id
        ORDER BY (variant.stock = 0), variant.final_price, variant.position, variant.id LIMIT 1
    )
"""
KEYS = {
    "sqlite": "SELECT value FROM json_each(%s)",
    "postgresql": "SELECT CAST(value AS bigint) FROM json_array_elements_text(%s)",
}
SUM_UP = f"""
    UPDATE "catalog_product"
    SET {CHEAPEST}, stock = (
        SELECT SUM(variant.stock) FROM catalog_productvariant AS variant
        WHERE variant.product_id = catalog_product.id
    )
    WHERE id IN ({{keys}})
    RETURNING id, price, discount, final_price, stock
"""


class InsufficientStock(DomainError):
    """Fewer are left than were requested, or one order may not take that many."""

    code = "INSUFFICIENT_STOCK"

    def __init__(
        self, *, variant: ProductVariant, product_name: str, requested: int, available: int | None = None
    ) -> None:
        """`available` is the number that one order can take, if that is less than the stock."""
        self.available = variant.stock if available is None else available
        name = full_name(product_name, variant.title)
        if self.available < variant.stock:
            message = _("One order can take %(left)s of “%(name)s” until it is paid.")
        elif variant.stock:
            message = _("There are only %(left)s left of “%(name)s”.")
        else:
            message = _("“%(name)s” is sold out.")
        super().__init__(message % {"left": self.available, "name": name})
        self.variant_pk = variant.pk
        self.product_pk = variant.product_id
        self.requested = requested


def lock_products(keys: Collection[int]) -> dict[int, Product]:
    """Return the products that still exist by primary key.

    Locks:
        The products, in order of primary key.
    """
    locked = Product.objects.select_for_update().filter(pk__in=keys).order_by("pk")
    return {product.pk: product for product in locked}


def find_on_sale(keys: Collection[int]) -> QuerySet[ProductVariant]:
    """The variants with these primary keys that are sold, with what an order keeps of their products."""
    on_sale = ProductVariant.objects.filter(is_published("product__"), pk__in=keys)
    return on_sale.annotate(  # type: ignore[no-redef]  # declared on the model
        product_name=F("product__name"),
        tax_class=F("product__tax_class"),
        category_path=F("product__category__path"),
    )


def check_stock(quantities: Mapping[int, int], variants: Mapping[int, ProductVariant]) -> None:
    """Check that one order may take the quantities, as far as the variants of `find_on_sale` are there.

    It is exact only under the lock. Without one it spares the lock those who find nothing left.

    Raises:
        InsufficientStock: a variant has too few, or it is more than `most_for_an_order`.
    """
    for key, variant in sorted(variants.items()):
        available = min(variant.stock, most_for_an_order(variant))
        if quantities[key] > available:
            raise InsufficientStock(
                variant=variant,
                product_name=variant.product_name,
                requested=quantities[key],
                available=available,
            )


def take_stock(
    *, quantities: Mapping[int, int], order_uuid: UUID, now: datetime
) -> dict[int, ProductVariant]:
    """Sell `quantities`, by the variants' primary keys, to an order. Return the variants as they are sold.

    The order holds them until `release` or `return_stock`. A variant that is deleted, or whose product is not
    published, is missing from the result; the caller must then refuse the order, and roll back.

    Locks:
        The products, in order of primary key.
    Raises:
        InsufficientStock: a variant has too few, or it is more than `most_for_an_order`. The caller's rollback undoes
            the rest.
    """
    deltas = {key: -quantity for key, quantity in quantities.items()}
    record(deltas, reason=Reason.SOLD, order_uuid=order_uuid, now=now)
    taken = move_variants(
        order_uuid=order_uuid,
        reason=Reason.SOLD,
        changes=f"{MOVE_STOCK}, {MOVE_HELD}",
        condition=MAY_TAKE,
        parameters=[settings.STORE_HOLD_MINIMUM, settings.STORE_HOLD_SHARE],
    )
    if missing := quantities.keys() - taken.keys():
        check_stock(quantities, {variant.pk: variant for variant in find_on_sale(missing)})
        return taken
    announce_low_stock(
        {key: (variant.stock + quantities[key], variant.stock) for key, variant in taken.items()},
        products={key: variant.product_id for key, variant in taken.items()},
        now=now,
    )
    sold_out = any(variant.stock == 0 for variant in taken.values())
    products = move_products(order_uuid=order_uuid, reason=Reason.SOLD, reprice=sold_out)
    published = {key: variant for key, variant in taken.items() if variant.product_id in products}
    for variant in published.values():
        variant.product_name, variant.tax_class, variant.category_path = products[variant.product_id]
    return published


def most_for_an_order(variant: ProductVariant) -> int:
    """Return how many of a variant one order may take before it is paid: a share of the stock.

    What one order leaves, the next can take a share of. So it takes many orders, and an owner has few unpaid ones, to
    hold all of a variant. A limit on all of them together would let one shopper fill it and shut out all others. An
    order may always take STORE_HOLD_MINIMUM, so that the last ones of a small stock can be bought.
    """
    share: int = settings.STORE_HOLD_SHARE * variant.stock // 100
    least: int = settings.STORE_HOLD_MINIMUM
    return max(least, share)


def release(*, order_uuid: UUID) -> None:
    """Stop holding what a paid order took.

    Locks:
        The products, in order of primary key.
    """
    move_variants(order_uuid=order_uuid, reason=Reason.SOLD, changes=RELEASE)


def return_stock(*, order_uuid: UUID, reason: Reason, now: datetime, held: bool = False) -> None:
    """Return what the order still has of what it took, to the stock of the variants that still exist.

    An unpaid order has `held` it.

    Locks:
        The products, in order of primary key.
    Raises:
        IntegrityError: the order's stock was returned before.
    """
    moved: QuerySet[StockMovement] = StockMovement.objects.filter(
        order_uuid=order_uuid, reason__in=[Reason.SOLD, Reason.PUT_BACK], variant__isnull=False
    )
    sums = moved.order_by().values("product_id", "variant_id").annotate(sum=Sum("delta"))
    rows = [(row["product_id"], row["variant_id"], row["sum"]) for row in sums if row["sum"]]
    lock_products({product for product, _, _ in rows})
    deltas = {variant: -delta for _, variant, delta in rows}
    record(deltas, reason=reason, order_uuid=order_uuid, now=now)
    changes = f"{MOVE_STOCK}, {MOVE_HELD}" if held else MOVE_STOCK
    returned = move_variants(order_uuid=order_uuid, reason=reason, changes=changes)
    were_sold_out = any(variant.stock == deltas[key] for key, variant in returned.items())
    move_products(order_uuid=order_uuid, reason=reason, reprice=were_sold_out)


def put_back(quantities: Mapping[int, int], *, order_uuid: UUID, now: datetime) -> None:
    """Put a part of what the order took back in stock, of the variants by primary key that still exist.

    Nothing here knows how much of the order is back: the caller counts it, and a constraint limits the count.

    Locks:
        The products, in order of primary key.
    """
    variants = ProductVariant.objects.filter(pk__in=quantities)
    lock_products(set(variants.values_list("product_id", flat=True)))
    products = dict(variants.values_list("pk", "product_id"))
    if not products:
        return
    by_product: Counter[int] = Counter()
    for variant, product in products.items():
        by_product[product] += quantities[variant]
    back = {variant: quantities[variant] for variant in products}
    record(back, reason=Reason.PUT_BACK, order_uuid=order_uuid, now=now)
    ProductVariant.objects.filter(pk__in=back).update(stock=F("stock") + number_of(back))
    Product.objects.filter(pk__in=by_product).update(sold_count=F("sold_count") - number_of(by_product))
    sum_up(by_product.keys())


def number_of(numbers: Mapping[int, int]) -> Case:
    """An expression for the number of each row, by primary key."""
    cases = (When(pk=key, then=Value(number)) for key, number in numbers.items())
    return Case(*cases, output_field=IntegerField())


def move_variants(
    *, order_uuid: UUID, reason: Reason, changes: str, condition: str = "TRUE", parameters: Sequence[int] = ()
) -> dict[int, ProductVariant]:
    """Move the counts of variants by the order's movements. Return the variants that the condition let move.

    Locks:
        The products, in order of primary key.
    """
    order = [uuid_value(order_uuid), reason.value]
    values, locked = [*order, *parameters], ""
    if connection.features.has_select_for_update:
        # No key is changed, so rows that name the products may be inserted meanwhile.
        locked = LOCK_PRODUCTS.format(lock=connection.ops.for_update_sql(no_key=True))
        values += order
    statement = FOLLOW_LEDGER.format(changes=changes, condition=condition, locked=locked)
    variants = ProductVariant.objects.using(connection.alias)
    return {variant.pk: variant for variant in variants.raw(statement, values)}


def move_products(
    *, order_uuid: UUID, reason: Reason, reprice: bool
) -> dict[int, tuple[str, int | None, str]]:
    """Move the counts of the products by the movements of their variants, which the caller has moved.

    `reprice` says that a variant was sold out or came back, so that another may be the cheapest in stock. Without it
    the prices are not written: a write of them outdates every kept answer (see backend/answers.py). Return name, tax
    class and path of the category of those that are published, by primary key.
    """
    statement = FOLLOW_VARIANTS.format(prices=f", {CHEAPEST}" if reprice else "")
    moment = PUBLISHED_AT.get_db_prep_value(current_moment(), connection)
    with connection.cursor() as cursor:
        cursor.execute(statement, [uuid_value(order_uuid), reason.value, moment])
        return {
            key: (name, tax_class, path)
            for key, name, tax_class, path, is_published in cursor.fetchall()
            if is_published
        }


def sum_up(keys: Collection[int]) -> dict[int, Product]:
    """Write the columns of products that are made of their variants. Return the products with these columns alone.

    A step of a transaction that has locked the products.
    """
    statement = SUM_UP.format(keys=KEYS[connection.vendor])
    products = Product.objects.using(connection.alias).raw(statement, [json.dumps(list(keys))])
    return {product.pk: product for product in products}


def set_stock(variant: ProductVariant, stock: int, *, now: datetime) -> None:
    """Set the stock to a new count by the seller or the staff.

    Locks:
        The product.
    """
    lock_products({variant.product_id})
    before = ProductVariant.objects.values_list("stock", flat=True).get(pk=variant.pk)
    variant.stock = stock
    if stock != before:
        ProductVariant.objects.filter(pk=variant.pk).update(stock=stock)
        record({variant.pk: stock - before}, reason=Reason.SET, order_uuid=None, now=now)
        sum_up({variant.product_id})
        announce_low_stock({variant.pk: (before, stock)}, products={variant.pk: variant.product_id}, now=now)


def record_counted(deltas: Mapping[int, int], *, now: datetime) -> None:
    """Record the movements of variants whose stock the caller wrote with the row, inserted or locked before."""
    moved = {key: delta for key, delta in deltas.items() if delta}
    if moved:
        record(moved, reason=Reason.SET, order_uuid=None, now=now)


def record(deltas: Mapping[int, int], *, reason: Reason, order_uuid: UUID | None, now: datetime) -> None:
    """Record the movements of the variants that exist."""
    created_at = StockMovement._meta.get_field("created_at").get_db_prep_save(now, connection)
    values = [reason.value, uuid_value(order_uuid), created_at, json.dumps(deltas)]
    with connection.cursor() as cursor:
        cursor.execute(RECORD[connection.vendor], values)


def uuid_value(uuid: UUID | None) -> Any:
    return StockMovement._meta.get_field("order_uuid").get_db_prep_save(uuid, connection)
