"""A cart's destination, delivery and discount code, and its price with them."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from functools import cached_property

from django.conf import settings
from django.db import transaction

from core import places
from core.addresses import INVALID, NO_COUNTRY
from core.errors import Text, ValidationError
from core.money import from_units
from core.places import Destination
from core.text import single_line
from orders import models
from orders.cart import Line, ShoppingCart, keys_of
from orders.errors import DeliveryUnavailable
from orders.owners import Owner
from orders.selectors import uses_of
from orders.totals import destination_of, sale_to
from pricing.codes import DiscountCodeReason, DiscountCodeRefused
from pricing.delivery import Offer
from pricing.models import normalize_code
from pricing.tax import Sale, home
from pricing.terms import Goods, Priced, Terms, is_delivered, price, read_terms


class PricedCart:
    """A cart at one moment, with its terms and its quote, which are read once."""

    def __init__(self, cart: ShoppingCart, *, now: datetime) -> None:
        self.cart = cart
        self.now = now

    @cached_property
    def row(self) -> models.Cart:
        """The cart's conditions. Its lines have brought them, if it has any."""
        for line in self.cart.lines:
            return models.Cart(
                country=line.country,
                zip_code=line.zip_code,
                state=line.state,
                delivery_method_id=line.delivery_method,
                discount_code=line.discount_code,
            )
        owner = self.cart.owner
        found = models.Cart.objects.filter(**owner.lookup()).first() if owner else None
        return found or models.Cart()

    @cached_property
    def destination(self) -> Destination | None:
        """Where the cart goes: to the account's default address until the shopper says otherwise."""
        owner = self.cart.owner
        if self.row.country:
            return destination_of(self.row)
        if self.cart.lines or owner is None or owner.user is None:
            return None
        default = owner.user.addresses.filter(is_default=True).first()
        return destination_of(default) if default else None

    @cached_property
    def sale(self) -> Sale:
        """The sale that is taxed. Until the destination is known, it is in the shop's country."""
        return sale_to(self.destination or home(), now=self.now)

    @cached_property
    def goods(self) -> list[Goods]:
        return [goods_of_line(line) for line in self.cart.items]

    @cached_property
    def terms(self) -> Terms:
        owner = self.cart.owner
        emails = [owner.user.email] if owner and owner.user else []
        return read_terms(
            self.sale,
            code=self.row.discount_code,
            uses_of_customer=uses_of(emails),
            delivers=self.destination is not None,
        )

    @cached_property
    def hindrance(self) -> DiscountCodeReason | None:
        """Why the cart's code does not apply; None if it does, and without a code."""
        return self.terms.find_hindrance(self.goods) if self.row.discount_code else None

    @cached_property
    def priced(self) -> Priced:
        return price(
            self.goods,
            self.terms,
            with_code=bool(self.row.discount_code) and self.hindrance is None,
            choose=self.choose,
        )

    def unit_prices(self) -> dict[int, Decimal]:
        """Return the price of one of each variant, where it is not the shop's own: abroad, the net may stay."""
        if not (self.cart.items and self.sale.takes_over_net):
            return {}
        return {line.key: from_units(line.unit, settings.STORE_CURRENCY) for line in self.priced.quote.lines}

    def choose(self, offers: Sequence[Offer]) -> Offer | None:
        """Return the offer of the cart's method, or else the cheapest."""
        chosen = [offer for offer in offers if offer.method.pk == self.row.delivery_method_id]
        return next(iter([*chosen, *offers]), None)


def goods_of_line(line: Line) -> Goods:
    product, variant = keys_of(line)
    return Goods(
        key=variant,
        product=product,
        path=line.category_path,
        tax_class=line.tax_class,
        is_shipped=line.requires_shipping,
        weight=line.weight or 0,
        unit=line.final_price,
        full=line.price,
        quantity=line.quantity,
    )


@transaction.atomic(durable=True)
def set_delivery(
    owner: Owner, *, country: str, zip_code: str, state: str, method: int | None, now: datetime
) -> None:
    """Say where the cart goes, and by which method; None for the cheapest. Nothing brings what is not shipped.

    Raises:
        ValidationError: there is no such country, or it has no such postal code or state.
        DeliveryUnavailable: nothing brings the cart there, or not this method.
    Locks: the cart.
    """
    destination = check_destination(country=country, zip_code=zip_code, state=state)
    cart = ShoppingCart(owner)
    row = cart.lock_or_create()
    row.country, row.zip_code, row.state = destination.country, destination.zip_code, destination.state
    priced = PricedCart(cart, now=now)
    priced.row = row
    offers = priced.priced.offers
    is_offered = method in [offer.method.pk for offer in offers] if method else bool(offers)
    if not is_offered and (method or priced.terms.methods) and is_delivered(priced.goods):
        raise DeliveryUnavailable(offers)
    row.delivery_method_id = method if is_offered else None
    row.save(update_fields=["country", "zip_code", "state", "delivery_method"])


@transaction.atomic(durable=True)
def apply_code(owner: Owner, *, text: str, now: datetime) -> None:
    """Put a discount code in place of the cart's.

    Raises: DiscountCodeRefused.
    Locks: the cart.
    """
    code = normalize_code(text)
    if code is None:
        raise DiscountCodeRefused(DiscountCodeReason.UNKNOWN)
    cart = ShoppingCart(owner)
    row = cart.lock_or_create()
    priced = PricedCart(cart, now=now)
    priced.row.discount_code = code
    if priced.hindrance:
        raise DiscountCodeRefused(priced.hindrance)
    row.discount_code = code
    row.save(update_fields=["discount_code"])


@transaction.atomic(durable=True)
def remove_code(owner: Owner | None) -> None:
    """Take the discount code off the cart, if it has one.

    Locks: the cart.
    """
    row = ShoppingCart(owner).lock()
    if row and row.discount_code:
        row.discount_code = ""
        row.save(update_fields=["discount_code"])


def check_destination(*, country: str, zip_code: str, state: str) -> Destination:
    """Return the destination in its country's spelling. Postal code and state may be left out.

    Raises: ValidationError.
    """
    rules = places.country(single_line(country).upper())
    if rules is None:
        raise ValidationError.of(country=NO_COUNTRY)
    wrong: dict[str, Text] = {}
    zip_code, state = single_line(zip_code), single_line(state)
    if zip_code and rules.has_zip_code:
        zip_code = places.format_zip_code(zip_code, rules) or ""
        if not zip_code:
            wrong["zipCode"] = INVALID
    if state and rules.states:
        state = places.format_state(state, rules, zip_code=zip_code) or ""
        if not state:
            wrong["state"] = INVALID
    if wrong:
        raise ValidationError.of(**wrong)
    return Destination(
        country=rules.code,
        zip_code=zip_code if rules.has_zip_code else "",
        state=state if rules.states else "",
    )
