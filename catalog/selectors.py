"""Reads of the catalogue: they return unevaluated QuerySets."""

from collections.abc import Callable
from dataclasses import dataclass, fields
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import F, Q, QuerySet, Subquery

from accounts.models import Profile, User
from catalog.models import Category, Product


@dataclass(frozen=True, kw_only=True)
class ProductFilter:
    """What narrows a list of products; None narrows nothing. Prices are final ones, both bounds inclusive."""

    categories: list[str] | None = None
    seller: str | None = None
    min_price: Decimal | None = None
    max_price: Decimal | None = None
    in_stock: bool | None = None
    on_sale: bool | None = None
    min_rating: float | None = None
    added_after: datetime | None = None


def in_categories(slugs: list[str]) -> Q:
    """By keys of a subquery, not by a join: the indexes in the order of the list begin with the key."""
    keys = Category.objects.filter(slug__in=slugs).values("pk")
    return Q(category=Subquery(keys)) if len(set(slugs)) == 1 else Q(category__in=keys)


CONDITIONS: dict[str, Callable[[Any], Q]] = {
    "categories": lambda slugs: in_categories(slugs),
    "seller": lambda slug: Q(user=Subquery(Profile.objects.filter(slug=slug).values("user"))),
    "min_price": lambda amount: Q(final_price__gte=amount),
    "max_price": lambda amount: Q(final_price__lte=amount),
    "in_stock": lambda yes: Q(stock__gt=0) if yes else Q(stock=0),
    "on_sale": lambda yes: Q(discount__gt=0) if yes else Q(discount=0),
    "min_rating": lambda average: Q(rating_average__gte=average),
    "added_after": lambda moment: Q(added_at__gt=moment),
}


def products() -> QuerySet[Product]:
    return Product.objects.all()


def narrowed(products: QuerySet[Product], filter: ProductFilter) -> QuerySet[Product]:
    """Those of the products that pass the filter."""
    for field in fields(filter):
        value = getattr(filter, field.name)
        if value is not None:
            products = products.filter(CONDITIONS[field.name](value))
    return products


def categories() -> QuerySet[Category]:
    return Category.objects.order_by("name")


def favourites() -> QuerySet[Product]:
    """Products, once for each person whose favourite they are.

    Narrow them by `fan_id`, the person: a condition on `favourites` would join that table a second time.
    `favourite_id` orders them by when they became it.
    """
    return Product.objects.annotate(favourite_id=F("favourites__id"), fan_id=F("favourites__user_id"))


def editable_products(user: User) -> QuerySet[Product]:
    """The products that a person with the permission may change: their own, and all for the staff."""
    return Product.objects.all() if user.is_staff else Product.objects.filter(user=user)
