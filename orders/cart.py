"""The cart: all of its behaviour."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cached_property

from django.conf import settings
from django.db import transaction
from django.db.models import F, QuerySet, Sum

from backend.errors import NotFound, ValidationError
from backend.money import MAX_MINOR_UNITS, from_minor_units
from catalog.models import Product
from catalog.stock import InsufficientStock
from orders import models
from orders.errors import ProductUnavailable
from orders.models import MAX_LINES, MAX_QUANTITY, CartItem
from orders.owners import Owner


@dataclass(frozen=True, kw_only=True)
class PriceChanged:
    item: CartItem
    before: Decimal
    now: Decimal


@dataclass(frozen=True, kw_only=True)
class StockReduced:
    item: CartItem
    available: int


@dataclass(frozen=True, kw_only=True)
class ProductRemoved:
    product_pk: int
    name: str


Change = PriceChanged | StockReduced | ProductRemoved


def items_of(owner: Owner | None) -> QuerySet[CartItem]:
    """The lines, each with its product's price, final price and stock of now; these are null once it is deleted."""
    lines = CartItem.objects.filter(**owner.lookup("cart__")) if owner else CartItem.objects.none()
    return lines.annotate(  # type: ignore[no-redef]  # declared on the model
        price=F("product__price"), final_price=F("product__final_price"), stock=F("product__stock")
    )


class Cart:
    """One owner's cart. Reading it makes no row; every write is a transaction that locks the cart's row first."""

    def __init__(self, owner: Owner | None, *, lines: Sequence[CartItem] | None = None) -> None:
        """`lines` are those of `items_of(owner)` where the caller has read them already."""
        self.owner = owner
        if lines is not None:
            self.lines = lines

    # ── What is in it ────────────────────────────────────────────────────────

    @cached_property
    def lines(self) -> Sequence[CartItem]:
        return list(items_of(self.owner))

    @property
    def items(self) -> list[CartItem]:
        """The lines whose product is still there; the totals are over these."""
        return [line for line in self.lines if line.stock is not None]

    @property
    def total_quantity(self) -> int:
        return sum(item.quantity for item in self.items)

    @property
    def subtotal(self) -> Decimal:
        """Before discounts."""
        return sum((item.price * item.quantity for item in self.items), Decimal(0))

    @property
    def total(self) -> Decimal:
        return sum((item.final_price * item.quantity for item in self.items), Decimal(0))

    @property
    def changes(self) -> Iterator[Change]:
        """What has happened to the products since their lines were last written."""
        for line in self.lines:
            if line.stock is None:
                yield ProductRemoved(product_pk=product_key(line), name=line.product_name)
                continue
            if line.final_price != line.seen_price:
                yield PriceChanged(item=line, before=line.seen_price, now=line.final_price)
            if line.stock < line.quantity:
                yield StockReduced(item=line, available=line.stock)

    # ── Changing it ──────────────────────────────────────────────────────────

    @transaction.atomic(durable=True)
    def add(self, product_pk: int, quantity: int, *, now: datetime) -> None:
        """Add to what is there. ValidationError, NotFound, InsufficientStock."""
        check_quantity(quantity)
        cart = self.locked_or_new()
        product = Product.objects.filter(pk=product_pk).first()
        if product is None:
            raise NotFound("product")
        quantities = dict(cart.items.values_list("product_id", "quantity"))
        if product_pk not in quantities and len(quantities) >= MAX_LINES:
            raise ValidationError.of(productId=f"A cart holds at most {MAX_LINES} products.")
        self.write(cart, product, quantities.get(product_pk, 0) + quantity, now=now)

    @transaction.atomic(durable=True)
    def update(self, product_pk: int, quantity: int, *, now: datetime) -> None:
        """Set the quantity; 0 removes. ValidationError, NotFound, ProductUnavailable, InsufficientStock."""
        if quantity:
            check_quantity(quantity)
        line = self.line(self.locked(), product_pk)
        if quantity == 0:
            line.delete()
            return
        product = Product.objects.filter(pk=product_pk).first()
        if product is None:
            raise ProductUnavailable(product_pk=product_pk, name=line.product_name)
        self.write(line.cart, product, quantity, now=now)

    @transaction.atomic(durable=True)
    def remove(self, product_pk: int) -> None:
        """Take the product out, also one that is no longer sold. NotFound."""
        self.line(self.locked(), product_pk).delete()

    @transaction.atomic(durable=True)
    def clear(self) -> None:
        cart = self.locked()
        if cart:
            self.empty(cart)

    # ── Steps of a transaction that is open ──────────────────────────────────

    def locked(self) -> models.Cart | None:
        """The cart's row, locked until the transaction ends; None where this owner has none yet."""
        if self.owner is None:
            return None
        return models.Cart.objects.select_for_update().filter(**self.owner.lookup()).first()

    def locked_or_new(self) -> models.Cart:
        assert self.owner is not None, "a cart is written for somebody"
        cart = self.locked()
        if cart is None:
            # Two first writes may come at once: one inserts, and both lock what was inserted.
            models.Cart.objects.bulk_create([models.Cart(**self.owner.lookup())], ignore_conflicts=True)
            cart = models.Cart.objects.select_for_update().get(**self.owner.lookup())
        return cart

    @staticmethod
    def line(cart: models.Cart | None, product_pk: int) -> CartItem:
        line = cart.items.filter(product_id=product_pk).first() if cart else None
        if line is None:
            raise NotFound("product in the cart")
        return line

    @staticmethod
    def write(cart: models.Cart, product: Product, quantity: int, *, now: datetime) -> None:
        """Write the line anew: from now on this is what the shopper has seen."""
        if quantity > MAX_QUANTITY:
            raise ValidationError.of(quantity=f"At most {MAX_QUANTITY} of a product.")
        if quantity > product.stock:
            raise InsufficientStock(product=product, requested=quantity)
        line = CartItem(
            cart=cart,
            product=product,
            quantity=quantity,
            product_name=product.name,
            seen_price=product.final_price,
            added_at=now,
        )
        CartItem.objects.bulk_create(
            [line],
            update_conflicts=True,
            unique_fields=["cart", "product"],
            update_fields=["quantity", "product_name", "seen_price"],
        )
        worth = cart.items.aggregate(sum=Sum(F("product__price") * F("quantity")))["sum"]
        check_payable_at_once(worth or Decimal(0))  # none where the product has gone this moment

    @staticmethod
    def empty(cart: models.Cart) -> None:
        cart.items.all().delete()


def product_key(line: CartItem) -> int:
    """Which a constraint keeps from being null; the column allows it so that a join is an outer one."""
    assert line.product_id is not None
    return line.product_id


def check_quantity(quantity: int) -> None:
    if not 1 <= quantity <= MAX_QUANTITY:
        raise ValidationError.of(quantity=f"Between 1 and {MAX_QUANTITY}.")


def check_payable_at_once(total: Decimal) -> None:
    """ValidationError for a total that no payment could settle; a larger one may not even fit its column."""
    most = from_minor_units(MAX_MINOR_UNITS, settings.STORE_CURRENCY)
    if total > most:
        raise ValidationError.of(quantity=f"At most {most} {settings.STORE_CURRENCY} can be paid at once.")


@transaction.atomic(durable=True)
def join(visitor: Owner, user: Owner) -> None:
    """Move a visitor's cart and orders to the account they signed in to; a second time finds nothing to move.

    Quantities add up, to the limit; lines beyond the limit stay behind. Locks the account's cart, then the visitor's.
    The account's cart keeps the visitor's key, so that what another tab is just putting in arrives there too.
    """
    own = Cart(user).locked_or_new()
    brought = Cart(visitor).locked()
    if brought and brought != own:
        merge(brought, into=own)
        brought.delete()
    models.Cart.objects.filter(pk=own.pk).update(visitor=visitor.visitor)
    join_orders(visitor, user)


def merge(brought: models.Cart, *, into: models.Cart) -> None:
    lines = {line.product_id: line for line in into.items.all()}
    for line in brought.items.all():
        if line.product_id in lines:
            kept = lines[line.product_id]
            kept.quantity = min(kept.quantity + line.quantity, MAX_QUANTITY)
        elif len(lines) < MAX_LINES:
            line.pk, line.cart = None, into
            lines[line.product_id] = line
    CartItem.objects.bulk_create(
        lines.values(), update_conflicts=True, unique_fields=["cart", "product"], update_fields=["quantity"]
    )


def join_orders(visitor: Owner, user: Owner) -> None:
    """A key that both have used is forgotten on the visitor's order: it names the account's."""
    orders = models.Order.objects.filter(visitor=visitor.visitor)
    used = models.Order.objects.filter(user=user.user, idempotency_key__isnull=False)
    orders.filter(idempotency_key__in=used.values("idempotency_key")).update(idempotency_key=None)
    orders.update(user=user.user, visitor=None)
