"""Reads of the catalogue: they return unevaluated QuerySets."""

from collections.abc import Callable
from dataclasses import dataclass, fields
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import F, Q, QuerySet

from accounts.models import User
from catalog.models import Category, Product


@dataclass(frozen=True, kw_only=True)
class ProductFilter:
    """What narrows a list of products; None narrows nothing. Prices are final prices, both bounds inclusive."""

    categories: list[str] | None = None
    seller: str | None = None
    min_price: Decimal | None = None
    max_price: Decimal | None = None
    in_stock: bool | None = None
    on_sale: bool | None = None
    min_rating: float | None = None
    added_after: datetime | None = None


CONDITIONS: dict[str, Callable[[Any], Q]] = {
    "categories": lambda slugs: Q(category__slug__in=slugs),
    "seller": lambda slug: Q(user__profile__slug=slug),
    "min_price": lambda amount: Q(final_price__gte=amount),
    "max_price": lambda amount: Q(final_price__lte=amount),
    "in_stock": lambda yes: Q(stock__gt=0) if yes else Q(stock=0),
    "on_sale": lambda yes: Q(discount__gt=0) if yes else Q(discount=0),
    "min_rating": lambda average: Q(rating_average__gte=average),
    "added_after": lambda moment: Q(added_at__gt=moment),
}


def products(filter: ProductFilter | None = None, *, without: tuple[str, ...] = ()) -> QuerySet[Product]:
    """All products that pass the filter, but for the conditions named in `without`."""
    queryset = Product.objects.all()
    for field in fields(filter) if filter else ():
        value = getattr(filter, field.name)
        if value is not None and field.name not in without:
            queryset = queryset.filter(CONDITIONS[field.name](value))
    return queryset


def categories() -> QuerySet[Category]:
    return Category.objects.order_by("name")


def favourites() -> QuerySet[Product]:
    """Products, once for each person whose favourite they are.

    Narrow them by `fan_id`, the person: a condition on `favourites` would join that table a second time.
    `favourite_id` orders them by when they became it.
    """
    return Product.objects.annotate(favourite_id=F("favourites__id"), fan_id=F("favourites__user_id"))


def editable_products(user: User) -> QuerySet[Product]:
    """The products that this person may change: their own, and all for the staff with the permission."""
    if user.is_staff and user.has_perm("catalog.change_product"):
        return Product.objects.all()
    return Product.objects.filter(user=user)
