"""What a checkout takes out of the cart: the lines and the code, with what decides on whether it may."""

import json
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection, models

from orders.cart import ShoppingCart
from orders.holds import Hold
from orders.models import Cart, CartItem, Order
from orders.owners import Owner

# One statement, which sees what was committed before the cart was locked. It deletes nothing if the owner's key has an
# order, and reads the lines and units of the owner's pending orders.
TAKE = """
    DELETE FROM "orders_cartitem" WHERE cart_id = %(cart)s AND NOT EXISTS (
        SELECT 1 FROM orders_order AS own WHERE own.{owner} = %(owner)s AND own.idempotency_key = %(key)s
    )
    RETURNING id, product_id, variant_id, quantity, product_name, variant_title, (
        SELECT {holds} FROM (
            SELECT COUNT(item.id) AS lines, COALESCE(SUM(item.quantity), 0) AS units
            FROM orders_order AS own LEFT JOIN orders_orderitem AS item ON item.order_id = own.uuid
            WHERE own.{owner} = %(owner)s AND own.status = 'pending' GROUP BY own.uuid
        ) AS held
    ) AS holds
"""
HOLDS = {
    "sqlite": "json_group_array(json_array(held.lines, held.units))",
    "postgresql": "CAST(json_agg(json_build_array(held.lines, held.units)) AS text)",
}


@dataclass(frozen=True, kw_only=True)
class Taken:
    """The cart's row with the code that it had, its former lines, and what the owner's pending orders hold."""

    cart: Cart
    owner: Owner
    lines: list[CartItem]
    pending: list[Hold]


def take_from_cart(owner: Owner, *, idempotency_key: UUID) -> Taken:
    """Empty the cart, and take its code off. No lines are taken if the key has an order: the caller then rolls back.

    A step of an open transaction.

    Locks: the cart.
    """
    cart = ShoppingCart(owner).lock_or_create(takes_code=True)
    if owner.user is None and cart.user:
        owner = Owner(user=cart.user)  # the visitor has just signed in, in another tab
    values = {
        "cart": cart.pk,
        "owner": field_of(owner.column).get_db_prep_save(owner.key, connection),
        "key": field_of("idempotency_key").get_db_prep_save(idempotency_key, connection),
    }
    statement = TAKE.format(owner=field_of(owner.column).column, holds=HOLDS[connection.vendor])
    lines = sorted(CartItem.objects.using(connection.alias).raw(statement, values), key=lambda line: line.pk)
    holds = json.loads(lines[0].holds or "[]") if lines else []  # type: ignore[attr-defined]  # of the statement
    return Taken(
        cart=cart,
        owner=owner,
        lines=lines,
        pending=[Hold(lines=lines, units=units) for lines, units in holds],
    )


def field_of(name: str) -> "models.Field[Any, Any]":
    field = Order._meta.get_field(name)
    assert isinstance(field, models.Field)
    return field
