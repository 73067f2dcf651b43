"""Add to cart and checkout, with the same transactions, locks and rows as the store."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from core.addresses import validate_address
from core.money import MAX_MINOR_UNITS, to_minor_units
from orders.holds import MAX_PENDING, first_expiry
from orders.models import MAX_LINES, MAX_QUANTITY, Shipping
from orders.numbers import draw_number
from orders.payments import gateway
from tests.benchmarks.references.handwritten.forms import (
    answer,
    global_id,
    key_of,
    money,
    rows_of,
    thumbnail,
    variables_of,
)

LOCK = "SELECT id FROM orders_cart WHERE visitor = %s {for_update}"
NEW_CART = "INSERT INTO orders_cart (visitor) VALUES (%s) ON CONFLICT DO NOTHING"
PUT = """
    INSERT INTO orders_cartitem
        (cart_id, product_id, variant_id, quantity, product_name, variant_title, seen_price, added_at)
    SELECT %s, p.id, v.id, %s, p.name, v.option_1, v.final_price, %s
    FROM catalog_productvariant v JOIN catalog_product p ON p.id = v.product_id
    LEFT JOIN orders_cartitem i ON i.cart_id = %s AND i.variant_id = v.id
    WHERE p.id = %s AND v.stock >= COALESCE(i.quantity, 0) + %s AND COALESCE(i.quantity, 0) + %s <= %s
    ON CONFLICT (cart_id, variant_id) DO UPDATE SET
        quantity = orders_cartitem.quantity + excluded.quantity,
        product_name = excluded.product_name,
        seen_price = excluded.seen_price
"""
LINES = """
    SELECT i.quantity, p.id, p.name, p.slug, v.price, v.final_price, p.image
    FROM orders_cartitem i JOIN catalog_productvariant v ON v.id = i.variant_id
    JOIN catalog_product p ON p.id = i.product_id
    WHERE i.cart_id = %s ORDER BY i.id
"""
LOCKED_LINES = """
    SELECT i.id, i.quantity, p.id, p.name, v.final_price, v.stock, v.id, v.option_1, v.sku
    FROM orders_cartitem i JOIN catalog_productvariant v ON v.id = i.variant_id
    JOIN catalog_product p ON p.id = i.product_id
    WHERE i.cart_id = %s ORDER BY p.id, v.id {for_update_of_products}
"""
OPEN_ORDERS = """
    SELECT status, idempotency_key FROM orders_order
    WHERE visitor = %s AND (status = 'pending' OR idempotency_key = %s)
"""
NEW_SHIPPING = """
    INSERT INTO orders_shipping
        (first_name, last_name, company, phone, address, address2, building_number, city, zip_code, state,
        country, email)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) RETURNING id
"""
NEW_ORDER = """
    INSERT INTO orders_order
        (uuid, visitor, idempotency_key, status, number, email, currency, amount, shipping_id, created_at, updated_at,
        expires_at)
    VALUES (%s, %s, %s, 'pending', %s, %s, %s, %s, %s, %s, %s, %s)
"""
NEW_ITEMS = (
    "INSERT INTO orders_orderitem (order_id, product_id, product_key, variant_id, variant_key, name, variant_title, "
    "sku, quantity, unit_price) VALUES "
)
NEW_MOVEMENTS = """
    INSERT INTO catalog_stockmovement (product_id, variant_id, delta, reason, order_uuid, created_at) VALUES
"""
NEW_PAYMENT = """
    INSERT INTO orders_payment
        (uuid, order_id, status, currency, amount, refunded, client_secret, failure, created_at, updated_at)
    VALUES (%s, %s, 'pending', %s, %s, 0, '', '', %s, %s)
"""
STARTED = "UPDATE orders_payment SET intent_id = %s, client_secret = %s WHERE uuid = %s AND intent_id IS NULL"
SHIPPING_FIELDS = {
    "firstName": "first_name",
    "lastName": "last_name",
    "buildingNumber": "building_number",
    "zipCode": "zip_code",
}


class Refused(Exception):
    """The purchase is refused and rolled back. Only the store explains why."""


@csrf_exempt
def add_to_cart(request: HttpRequest) -> HttpResponse:
    line = variables_of(request)["input"]
    known = request.session.get("visitor")
    visitor = UUID(known) if known else uuid4()
    lines = add_line(visitor, key_of(line["productId"]), line["quantity"], now=timezone.now())
    if not known:
        request.session["visitor"] = str(visitor)
    return answer("addToCart", cart(lines))


@transaction.atomic(durable=True)
def add_line(visitor: UUID, product: int, quantity: int, *, now: datetime) -> list[tuple[Any, ...]]:
    if quantity < 1:
        raise Refused
    key = lock_cart(visitor)
    values = [key, quantity, to_time(now), key, product, quantity, quantity, MAX_QUANTITY]
    if run(PUT, values) != 1:
        raise Refused
    lines = rows_of(LINES, [key])
    if len(lines) > MAX_LINES or sum(line[4] * line[0] for line in lines) * 100 > MAX_MINOR_UNITS:
        raise Refused
    return lines


def cart(lines: list[tuple[Any, ...]]) -> dict[str, Any]:
    return {
        "__typename": "Cart",
        "totalQuantity": sum(line[0] for line in lines),
        "total": money(sum(line[5] * line[0] for line in lines)),
        "items": [
            {
                "quantity": quantity,
                "total": money(final_price * quantity),
                "product": {
                    "id": global_id("Product", key),
                    "name": name,
                    "slug": slug,
                    "finalPrice": money(final_price),
                    "image": {"thumbnail": thumbnail(image)} if image else None,
                },
            }
            for quantity, key, name, slug, _price, final_price, image in lines
        ],
    }


@csrf_exempt
def checkout(request: HttpRequest) -> HttpResponse:
    wanted = variables_of(request)["input"]
    address = {SHIPPING_FIELDS.get(name, name): value for name, value in wanted["shipping"].items()}
    shipping = Shipping(**address)
    validate_address(shipping, prefix="shipping.")
    visitor = UUID(request.session["visitor"])
    order, payment = uuid4(), uuid4()
    items = place_order(
        visitor, order, payment, shipping=shipping, key=UUID(wanted["idempotencyKey"]), now=timezone.now()
    )
    amount = amount_of(items)
    intent = gateway.client().v1.payment_intents.create(
        {
            "amount": to_minor_units(amount, settings.STORE_CURRENCY),
            "currency": settings.STORE_CURRENCY.lower(),
            "automatic_payment_methods": {"enabled": True},
            "metadata": {"payment": str(payment), "order": str(order)},
        },
        {"idempotency_key": f"payment:{payment}"},
    )
    run(STARTED, [intent.id, intent.client_secret, to_key(payment)])
    value = {
        "__typename": "Order",
        "uuid": str(order),
        "status": "PENDING",
        "amount": money(amount),
        "items": [
            {"name": name, "quantity": quantity, "unitPrice": money(price), "total": money(price * quantity)}
            for _, quantity, _, name, price, *_ in items
        ],
        "payment": {"status": "PENDING", "clientSecret": intent.client_secret},
    }
    return answer("checkout", value)


@transaction.atomic(durable=True)
def place_order(
    visitor: UUID, order: UUID, payment: UUID, *, shipping: Shipping, key: UUID, now: datetime
) -> list[tuple[Any, ...]]:
    """Place the order, and return the items in the order in which they were added."""
    cart_key = lock_cart(visitor)
    open_orders = rows_of(OPEN_ORDERS, [to_key(visitor), to_key(key)])
    if len(open_orders) >= MAX_PENDING or any(used == to_key(key) for _, used in open_orders):
        raise Refused
    locking = "FOR UPDATE OF p, v" if locks_rows() else ""
    locked = rows_of(LOCKED_LINES.format(for_update_of_products=locking), [cart_key])
    items = sorted(locked)
    if not items or any(quantity > stock for _, quantity, _, _, _, stock, *_ in items):
        raise Refused
    take(items)
    [[shipping_key]] = rows_of(NEW_SHIPPING, address_of(shipping))
    amount, currency, at = str(amount_of(items)), settings.STORE_CURRENCY, to_time(now)
    owner = [to_key(order), to_key(visitor), to_key(key)]
    expiry = to_time(first_expiry(now))
    run(NEW_ORDER, [*owner, draw_number(), shipping.email, currency, amount, shipping_key, at, at, expiry])
    run_many(
        NEW_ITEMS,
        [
            (to_key(order), product, product, variant, variant, name, title, sku, quantity, price)
            for _, quantity, product, name, price, _, variant, title, sku in items
        ],
    )
    run_many(
        NEW_MOVEMENTS,
        [
            (product, variant, -quantity, "sold", to_key(order), at)
            for _, quantity, product, _, _, _, variant, *_ in items
        ],
    )
    run(NEW_PAYMENT, [to_key(payment), to_key(order), currency, amount, at, at])
    run("DELETE FROM orders_cartitem WHERE cart_id = %s", [cart_key])
    return items


def take(items: list[tuple[Any, ...]]) -> None:
    """Take the stock of the variants, then of the products. No product is in two variants of a shopper's cart here."""
    by_variant = {item[6]: item[1] for item in items}
    most, share = settings.STORE_HOLD_MINIMUM, settings.STORE_HOLD_SHARE
    counts = "stock = stock - {each}, held = held + {each}"
    enough = " AND stock >= {each} AND ({each} <= %s OR 100 * {each} <= %s * stock)"
    if move("catalog_productvariant", counts, by_variant, condition=enough, limits=(most, share)) != len(
        items
    ):
        raise Refused
    by_product = {item[2]: item[1] for item in items}
    move("catalog_product", "stock = stock - {each}, sold_count = sold_count + {each}", by_product)


def move(
    table: str, counts: str, quantities: dict[int, int], *, condition: str = "", limits: tuple[int, ...] = ()
) -> int:
    """Move the counts of the rows by their quantities, and return the number of rows."""
    each = f"CASE id {' '.join('WHEN %s THEN %s' for _ in quantities)} END"
    taken = [value for pair in quantities.items() for value in pair]
    keys = ", ".join("%s" for _ in quantities)
    update = f"UPDATE {table} SET {counts} WHERE id IN ({keys}){condition}".format(each=each)
    checks = [*taken, *taken, limits[0], *taken, limits[1]] if condition else []
    return run(update, [*taken, *taken, *quantities, *checks])


def lock_cart(visitor: UUID) -> int:
    lock = LOCK.format(for_update="FOR UPDATE" if locks_rows() else "")
    found = rows_of(lock, [to_key(visitor)])
    if not found:
        run(NEW_CART, [to_key(visitor)])
        found = rows_of(lock, [to_key(visitor)])
    key: int = found[0][0]
    return key


def address_of(shipping: Shipping) -> list[Any]:
    return [value for name, value in vars(shipping).items() if name not in ("_state", "id")]


def amount_of(items: list[tuple[Any, ...]]) -> Decimal:
    """Return the sum of the items. SQLite gives a price as a number with two digits."""
    cents = Decimal("0.01")
    return sum((Decimal(item[4]).quantize(cents) * item[1] for item in items), Decimal(0))


# ── Differences between the databases ───────────────────────────────────────


def locks_rows() -> bool:
    return connection.features.has_select_for_update


def to_key(uuid: UUID) -> UUID | str:
    return uuid if connection.features.has_native_uuid_field else uuid.hex


def to_time(at: datetime) -> Any:
    return connection.ops.adapt_datetimefield_value(at)


def run(sql: str, parameters: list[Any]) -> int:
    """Run the statement, and return the number of changed rows."""
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        rows: int = cursor.rowcount
    return rows


def run_many(insert: str, rows: list[tuple[Any, ...]]) -> None:
    row = f"({', '.join('%s' for _ in rows[0])})"
    run(insert + ", ".join(row for _ in rows), [value for values in rows for value in values])
