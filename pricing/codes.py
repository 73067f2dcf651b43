"""Discount codes: for which goods one is, why one cannot be used, and counting its uses."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from core.errors import DomainError
from pricing.models import DiscountCode


class DiscountCodeReason(models.TextChoices):
    UNKNOWN = "unknown", _("We do not know this code. Please check it.")
    NOT_YET = "not_yet", _("This code cannot be used yet.")
    EXPIRED = "expired", _("This code has expired.")
    USED_UP = "used_up", _("This code has been used up.")
    MINIMUM_NOT_REACHED = "minimum_not_reached", _("Your goods do not reach the minimum of this code.")
    NOT_FOR_THIS_CART = "not_for_this_cart", _("This code is not for the goods in your cart.")


class DiscountCodeRefused(DomainError):
    """The code cannot be used for these goods, at this time or by this customer."""

    code = "DISCOUNT_CODE_REFUSED"

    def __init__(self, reason: DiscountCodeReason) -> None:
        super().__init__(reason.label)
        self.reason = reason


@dataclass(frozen=True, kw_only=True)
class Scope:
    """The goods that a code is for."""

    paths: Sequence[str] = ()  # of categories
    products: Sequence[int] = ()


def is_in_scope(code: DiscountCode, scope: Scope, *, product: int, path: str) -> bool:
    """Whether a product in the category with this path is one of the goods that the code is for."""
    return not code.is_scoped or product in scope.products or path.startswith(tuple(scope.paths))


def find_hindrance(
    code: DiscountCode | None, *, goods: Decimal, uses_of_customer: int, today: date
) -> DiscountCodeReason | None:
    """Return why the code cannot be used; None if it can.

    `goods` is the total of the goods in its scope. `today` is the day in the shop's time zone.
    """
    if code is None or not code.is_active:
        return DiscountCodeReason.UNKNOWN
    if code.first_day and today < code.first_day:
        return DiscountCodeReason.NOT_YET
    if code.last_day and today > code.last_day:
        return DiscountCodeReason.EXPIRED
    if code.max_uses is not None and code.uses >= code.max_uses:
        return DiscountCodeReason.USED_UP
    if code.max_uses_each is not None and uses_of_customer >= code.max_uses_each:
        return DiscountCodeReason.USED_UP
    if not goods:
        return DiscountCodeReason.NOT_FOR_THIS_CART
    if code.minimum is not None and goods < code.minimum:
        return DiscountCodeReason.MINIMUM_NOT_REACHED
    return None


def count_use(code: str) -> bool:
    """Count a use of the code; False if it is used up, or does not exist. A step of an open transaction.

    Locks: the code. Read the customer's earlier uses after this.
    """
    left = Q(max_uses=None) | Q(uses__lt=F("max_uses"))
    return DiscountCode.objects.filter(left, code=code).update(uses=F("uses") + 1) == 1


def give_back(code: str) -> None:
    """Count a use less, for an order that is cancelled. A step of an open transaction.

    Locks: the code.
    """
    DiscountCode.objects.filter(code=code, uses__gt=0).update(uses=F("uses") - 1)
