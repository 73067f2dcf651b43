"""Moving a visitor's cart and orders to the account that they sign in to."""

from django.db import transaction

from orders.cart import ShoppingCart
from orders.models import LENGTH_OF_KEYS, MAX_LINES, MAX_QUANTITY, Cart, CartItem, Order
from orders.owners import Owner


@transaction.atomic(durable=True)
def join(visitor: Owner, user: Owner) -> None:
    """Move a visitor's cart and orders to the account that they have signed in to. Repeating it changes nothing.

    Quantities add up to MAX_QUANTITY, and lines beyond MAX_LINES are dropped. The account's cart takes the visitor's
    key, so that a write that another tab has just begun reaches it, too.

    Locks: the account's cart, then the visitor's.
    """
    own = ShoppingCart(user).lock_or_create()
    brought = ShoppingCart(visitor).lock_or_create()  # waits for another tab that is creating it
    keys = own.added_keys
    if brought != own:
        merge(brought, into=own)
        brought.delete()
        keys = (brought.added_keys + keys)[:LENGTH_OF_KEYS]
    Cart.objects.filter(pk=own.pk).update(visitor=visitor.visitor, added_keys=keys)
    join_orders(visitor, user)


def merge(brought: Cart, *, into: Cart) -> None:
    lines = {line.variant_id: line for line in into.items.all()}
    for line in brought.items.all():
        if line.variant_id in lines:
            kept = lines[line.variant_id]
            kept.quantity = min(kept.quantity + line.quantity, MAX_QUANTITY)
        elif len(lines) < MAX_LINES:
            line.pk, line.cart = None, into
            lines[line.variant_id] = line
    CartItem.objects.bulk_create(
        lines.values(), update_conflicts=True, unique_fields=["cart", "variant"], update_fields=["quantity"]
    )


def join_orders(visitor: Owner, user: Owner) -> None:
    """Move the visitor's orders. An idempotency key that both have used is removed from the visitor's order."""
    orders = Order.objects.filter(visitor=visitor.visitor)
    used = Order.objects.filter(user=user.user, idempotency_key__isnull=False)
    orders.filter(idempotency_key__in=used.values("idempotency_key")).update(idempotency_key=None)
    orders.update(user=user.user, visitor=None)
