"""The cart: reading it, and its writes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from typing import Any, Protocol
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.db.models import (
    Case,
    CharField,
    Exists,
    F,
    FilteredRelation,
    OuterRef,
    Q,
    QuerySet,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from catalog.models import ProductVariant
from catalog.stock import InsufficientStock
from catalog.visibility import current_moment, is_published
from core.errors import DomainError, NotFound, ValidationError
from core.money import MAX_MINOR_UNITS, format_money, from_minor_units
from orders import models
from orders.choices import Choice, find_variant
from orders.errors import ProductUnavailable
from orders.models import LENGTH_OF_KEYS, MAX_LINES, MAX_QUANTITY, CartItem
from orders.owners import Owner


class Line(Protocol):
    """The attributes of a line that the cart reads, from an instance of `items()` or from a plan's row."""

    @property
    def product_id(self) -> int | None: ...
    @property
    def variant_id(self) -> int | None: ...
    @property
    def quantity(self) -> int: ...
    @property
    def product_name(self) -> str: ...
    @property
    def variant_title(self) -> str: ...
    @property
    def seen_price(self) -> Decimal: ...
    @property
    def price(self) -> Decimal: ...
    @property
    def final_price(self) -> Decimal: ...
    @property
    def stock(self) -> int | None: ...
    @property
    def weight(self) -> int | None: ...
    @property
    def requires_shipping(self) -> bool: ...
    @property
    def tax_class(self) -> int | None: ...
    @property
    def category_path(self) -> str: ...
    @property
    def country(self) -> str: ...
    @property
    def zip_code(self) -> str: ...
    @property
    def state(self) -> str: ...
    @property
    def delivery_method(self) -> int | None: ...
    @property
    def discount_code(self) -> str: ...


@dataclass(frozen=True, kw_only=True)
class PriceChanged:
    item: Line
    before: Decimal
    now: Decimal


@dataclass(frozen=True, kw_only=True)
class StockReduced:
    item: Line
    available: int


@dataclass(frozen=True, kw_only=True)
class ProductRemoved:
    product_pk: int
    variant_pk: int
    name: str
    variant_title: str


Change = PriceChanged | StockReduced | ProductRemoved

# The columns of a destination.
PLACE = ("country", "zip_code", "state")
# An upsert that inserts an owner's cart or locks the existing one: two first writes at once get the same row.
LOCK = """
    INSERT INTO "orders_cart" ({owner}, added_keys) VALUES (%(owner)s, %(added)s)
    ON CONFLICT ({owner}) DO UPDATE SET {change}
    RETURNING id, user_id, visitor, country, zip_code, state, delivery_method_id, added_keys, {code} AS discount_code
"""
# A key that was there before is then there twice: RETURNING has no old values.
KEEP_ALL = {
    "change": f"added_keys = SUBSTR(%(added)s || orders_cart.added_keys, 1, {LENGTH_OF_KEYS})",
    "code": "discount_code",
}
# For the same reason a second column hands the code over.
TAKE_CODE = {"change": "taken_code = orders_cart.discount_code, discount_code = ''", "code": "taken_code"}
# Adds to (or takes from) a variant's quantity in a locked cart, or writes nothing if a rule forbids it.
# `explain_refusal` then finds out which rule it was, so both must have the same rules.
PUT = """
    INSERT INTO "orders_cartitem" (
        cart_id, product_id, variant_id, quantity, product_name, variant_title, seen_price, added_at
    )
    SELECT %(cart)s, product.id, variant.id, COALESCE(line.quantity, 0) + %(more)s, product.name,
        variant.option_1
            || CASE WHEN variant.option_2 = '' THEN '' ELSE ' / ' || variant.option_2 END
            || CASE WHEN variant.option_3 = '' THEN '' ELSE ' / ' || variant.option_3 END,
        variant.final_price, %(now)s
    FROM catalog_productvariant AS variant
    JOIN catalog_product AS product ON product.id = variant.product_id
    LEFT JOIN orders_cartitem AS line ON line.cart_id = %(cart)s AND line.variant_id = variant.id
    CROSS JOIN (
        SELECT COUNT(*) AS lines, COALESCE(SUM(sold.price * item.quantity), 0) AS worth
        FROM orders_cartitem AS item LEFT JOIN catalog_productvariant AS sold ON sold.id = item.variant_id
        WHERE item.cart_id = %(cart)s
    ) AS cart
    WHERE {chosen}
        AND product.published_at <= %(moment)s
        AND (line.id IS NOT NULL OR cart.lines < %(most_lines)s)
        AND COALESCE(line.quantity, 0) + %(more)s <= %(most_of_one)s
        AND COALESCE(line.quantity, 0) + %(more)s <= variant.stock
        AND ROUND(100 * (cart.worth + variant.price * %(more)s)) <= %(most_hundredths)s
    ON CONFLICT (cart_id, variant_id) DO UPDATE SET
        quantity = excluded.quantity, product_name = excluded.product_name,
        variant_title = excluded.variant_title, seen_price = excluded.seen_price
"""
CHOSEN = {
    "variant": "variant.id = %(key)s",
    "product": """variant.product_id = %(key)s AND NOT EXISTS (
        SELECT 1 FROM catalog_productvariant AS other
        WHERE other.product_id = variant.product_id AND other.id <> variant.id
    )""",
}
EMPTY = """
    DELETE FROM "orders_cartitem" WHERE cart_id = %s
    RETURNING id, product_id, variant_id, quantity, product_name, variant_title
"""


def items() -> QuerySet[CartItem]:
    """All lines, each with what its variant is now, and with its cart's conditions.

    The variant's are null once it is deleted, and the stock also while its product is not published. The destination is
    the account's default address until the shopper says otherwise, and blank if there is none.
    """
    own_address = FilteredRelation(
        "cart__user__addresses", condition=Q(cart__user__addresses__is_default=True)
    )
    return CartItem.objects.alias(own_address=own_address).annotate(  # type: ignore[no-redef]  # declared on the model
        price=F("variant__price"),
        final_price=F("variant__final_price"),
        stock=Case(When(is_published("product__"), then=F("variant__stock"))),
        weight=F("variant__weight_grams"),
        requires_shipping=F("variant__requires_shipping"),
        tax_class=F("product__tax_class"),
        category_path=F("product__category__path"),
        delivery_method=F("cart__delivery_method"),
        discount_code=F("cart__discount_code"),
        **{
            name: Case(
                When(~Q(cart__country=""), then=F(f"cart__{name}")),
                default=Coalesce(F(f"own_address__{name}"), Value("")),
                output_field=CharField(),
            )
            for name in PLACE
        },
    )


def items_of(owner: Owner | None) -> QuerySet[CartItem]:
    return items().filter(**owner.lookup("cart__")) if owner else CartItem.objects.none()


class ShoppingCart:
    """An owner's cart. Reading it creates no row. Every write is a transaction that first locks the cart's row."""

    def __init__(self, owner: Owner | None, *, lines: Sequence[Line] | None = None) -> None:
        """`lines` are the rows of `items_of(owner)`, if the caller has read them already."""
        self.owner = owner
        if lines is not None:
            self.lines = lines

    # ── Its contents ─────────────────────────────────────────────────────────

    @cached_property
    def lines(self) -> Sequence[Line]:
        return list(items_of(self.owner))

    @property
    def items(self) -> list[Line]:
        """The lines whose variant is still sold. The quote is of these."""
        return [line for line in self.lines if line.stock is not None]

    @property
    def total_quantity(self) -> int:
        return sum(item.quantity for item in self.items)

    @property
    def changes(self) -> Iterator[Change]:
        """The changes of the variants since their lines were last written."""
        for line in self.lines:
            if line.stock is None:
                product, variant = keys_of(line)
                yield ProductRemoved(
                    product_pk=product,
                    variant_pk=variant,
                    name=line.product_name,
                    variant_title=line.variant_title,
                )
                continue
            if line.final_price != line.seen_price:
                yield PriceChanged(item=line, before=line.seen_price, now=line.final_price)
            if line.stock < line.quantity:
                yield StockReduced(item=line, available=line.stock)

    # ── Changing it ──────────────────────────────────────────────────────────

    @transaction.atomic(durable=True)
    def add(
        self, choice: Choice, quantity: int, *, idempotency_key: UUID | None = None, now: datetime
    ) -> None:
        """Add to the variant's quantity. A key adds once, among the last 20 of the cart.

        A refusal rolls back the key with everything else.

        Raises: ValidationError, NotFound, InsufficientStock.
        """
        check_quantity(quantity)
        cart = self.lock_or_create(added=idempotency_key)
        if idempotency_key is None or not cart.knows(idempotency_key):
            self.put(cart, choice, quantity, now=now)

    @transaction.atomic(durable=True)
    def update(self, choice: Choice, quantity: int, *, now: datetime) -> None:
        """Set the variant's quantity; 0 removes the line.

        Raises: ValidationError, NotFound, ProductUnavailable, InsufficientStock.
        """
        if quantity:
            check_quantity(quantity)
        line = self.get_line(self.lock(), choice)
        if quantity == 0:
            line.delete()
            return
        product, variant = keys_of(line)
        try:
            self.put(line.cart, Choice(variant), quantity - line.quantity, now=now)
        except NotFound as gone:
            raise ProductUnavailable(
                product_pk=product,
                variant_pk=variant,
                name=line.product_name,
                variant_title=line.variant_title,
            ) from gone

    @transaction.atomic(durable=True)
    def remove(self, choice: Choice) -> None:
        """Take a variant out, even one that has been deleted.

        Raises: NotFound, ValidationError.
        """
        self.get_line(self.lock(), choice).delete()

    @transaction.atomic(durable=True)
    def clear(self) -> None:
        cart = self.lock()
        if cart:
            self.empty(cart)

    # ── Steps of an open transaction ─────────────────────────────────────────

    def lock(self) -> models.Cart | None:
        """Lock the cart's row and return it, or None if this owner has none yet."""
        if self.owner is None:
            return None
        return models.Cart.objects.select_for_update().filter(**self.owner.lookup()).first()

    def lock_or_create(self, *, takes_code: bool = False, added: UUID | None = None) -> models.Cart:
        """Lock the cart's row, or create it, in one statement.

        `takes_code` takes off the discount code, which the returned row still has. `added` is the key of an addition.
        """
        assert self.owner is not None, "a cart is written for an owner"
        user, visitor = self.owner.user, self.owner.visitor
        stored = models.Cart._meta.get_field("visitor").get_db_prep_save
        column, key = ("user_id", user.pk) if user else ("visitor", stored(visitor, connection))
        # The statement writes, so a database router must not send it to a replica.
        carts = models.Cart.objects.using(connection.alias)
        statement = LOCK.format(owner=column, **(TAKE_CODE if takes_code else KEEP_ALL))
        [cart] = carts.raw(statement, {"owner": key, "added": added.hex if added else ""})
        return cart

    @staticmethod
    def get_line(cart: models.Cart | None, choice: Choice) -> CartItem:
        """Return the line of the chosen variant.

        Raises: NotFound; ValidationError, where the product has several variants, and the line's own still exists.
        """
        if cart is None:
            raise NotFound(_("No such product in the cart."))
        own = ProductVariant.objects.filter(pk=OuterRef("variant_id"))
        others = ProductVariant.objects.filter(product=OuterRef("product_id")).exclude(
            pk=OuterRef("variant_id")
        )
        # Not by `items`: a condition on the variant would make its outer join an inner one, without what is deleted.
        found = cart.items.filter(**choice.lookup()).annotate(is_sold=Exists(own), has_others=Exists(others))
        lines = list(found[:2])
        if not lines:
            raise NotFound(_("No such product in the cart."))
        if choice.by_product and (len(lines) > 1 or (lines[0].is_sold and lines[0].has_others)):
            raise choice.refuse_several()
        return lines[0]

    @staticmethod
    def put(cart: models.Cart, choice: Choice, more: int, *, now: datetime) -> None:
        """Add `more` to the line, and record the current names and price as seen by the shopper.

        Raises: NotFound, ValidationError, InsufficientStock.
        """
        values = {
            "cart": cart.pk,
            "key": choice.key,
            "more": more,
            "now": as_stored(now),
            "moment": as_stored(current_moment()),
            "most_lines": MAX_LINES,
            "most_of_one": MAX_QUANTITY,
            "most_hundredths": int(100 * most_payable_at_once()),
        }
        with connection.cursor() as cursor:
            cursor.execute(PUT.format(chosen=CHOSEN[choice.noun]), values)
            if not cursor.rowcount:
                raise explain_refusal(cart, choice, more)

    @staticmethod
    def empty(cart: models.Cart) -> list[CartItem]:
        """Delete all lines and return them, in the order in which they were added."""
        lines = CartItem.objects.using(connection.alias).raw(EMPTY, [cart.pk])
        return sorted(lines, key=lambda line: line.pk)


def explain_refusal(cart: models.Cart, choice: Choice, more: int) -> DomainError:
    """Find out which rule of `PUT` forbids `more` of the choice in the locked cart."""
    try:
        variant = find_variant(choice)
    except DomainError as error:
        return error
    quantities = dict(cart.items.values_list("variant_id", "quantity"))
    quantity = quantities.get(variant.pk, 0) + more
    worth = cart.items.aggregate(sum=Sum(F("variant__price") * F("quantity"), default=Decimal(0)))["sum"]
    if variant.pk not in quantities and len(quantities) >= MAX_LINES:
        return ValidationError.of(
            **{
                choice.field: _("A cart can hold at most %(most)s products. Please remove one first.")
                % {"most": MAX_LINES}
            }
        )
    if quantity > MAX_QUANTITY:
        return too_many_of_one()
    if quantity > variant.stock:
        return InsufficientStock(variant=variant, product_name=variant.product.name, requested=quantity)
    check_payable_at_once(worth + variant.price * more)
    return ValidationError.of(**{choice.field: _("The product has just changed. Please try again.")})


def too_many_of_one() -> ValidationError:
    message = _("You can order at most %(most)s of a product.") % {"most": MAX_QUANTITY}
    return ValidationError.of(quantity=message)


def as_stored(moment: datetime) -> Any:
    return CartItem._meta.get_field("added_at").get_db_prep_save(moment, connection)


def keys_of(line: Line) -> tuple[int, int]:
    """The keys of the line's product and variant.

    A constraint keeps them from being null. The columns are nullable for outer joins.
    """
    assert line.product_id is not None
    assert line.variant_id is not None
    return line.product_id, line.variant_id


def check_quantity(quantity: int) -> None:
    if not 1 <= quantity <= MAX_QUANTITY:
        message = _("Enter a quantity between 1 and %(most)s.") % {"most": MAX_QUANTITY}
        raise ValidationError.of(quantity=message)


def most_payable_at_once() -> Decimal:
    return from_minor_units(MAX_MINOR_UNITS, settings.STORE_CURRENCY)


def check_payable_at_once(total: Decimal) -> None:
    """Refuse a total that is too large for one payment; a still larger one would not fit its column.

    Raises: ValidationError.
    """
    most = most_payable_at_once()
    if total > most:
        raise ValidationError.of(
            quantity=_("At most %(most)s can be paid in one payment. Please order less.")
            % {"most": format_money(most, settings.STORE_CURRENCY)}
        )
