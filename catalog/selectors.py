"""Reads of the catalogue: they return unevaluated QuerySets."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import reduce
from operator import and_
from typing import Any

from django.conf import settings
from django.db.models import BooleanField, F, Func, Q, QuerySet, Subquery
from django.db.models.expressions import RawSQL

from accounts.models import Profile, User
from catalog.models import FEW_LEFT, Category, Product


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


# Written out, as in `running_out`: of a parameter no database can tell whether it fits the condition of an index.
ZERO = RawSQL("0", ())

CONDITIONS: dict[str, Callable[[Any], Q]] = {
    "categories": lambda slugs: in_categories(slugs),
    "seller": lambda slug: Q(user=Subquery(Profile.objects.filter(slug=slug).values("user"))),
    "min_price": lambda amount: Q(final_price__gte=amount),
    "max_price": lambda amount: Q(final_price__lte=amount),
    "in_stock": lambda yes: Q(stock__gt=ZERO) if yes else Q(stock=ZERO),
    "on_sale": lambda yes: Q(discount__gt=0) if yes else Q(discount=0),
    "min_rating": lambda average: Q(rating_average__gte=average),
    "added_after": lambda moment: Q(added_at__gt=moment),
}


# The columns with an index of their own that these conditions could seek.
SEEKABLE = {
    "min_price": "final_price",
    "max_price": "final_price",
    "in_stock": "stock",
    "on_sale": "discount",
    "min_rating": "rating_average",
    "added_after": "added_at",
}
# The orders that an index of a seller's products has.
SELLER_ORDERS = ("added_at", "final_price")
# Up to so many products are read by key and sorted; more of them soon fill a page along the index of its order.
FEW = 500


class Checked(Func):
    """A condition that each row is checked for: on SQLite, no index is sought by it.

    SQLite would seek it and sort all that it finds, where the index of the list's order fills a page at once.
    """

    conditional = True
    output_field = BooleanField()
    template = "%(expressions)s"

    def as_sqlite(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        return self.as_sql(compiler, connection, template="((%(expressions)s) IS TRUE)", **extra)


def products() -> QuerySet[Product]:
    return Product.objects.all()


def running_out() -> QuerySet[Product]:
    """Those of which FEW_LEFT or fewer are in stock."""
    return Product.objects.filter(stock__lte=RawSQL(str(FEW_LEFT), ()))


def fully_held() -> QuerySet[Product]:
    """Those of which nothing can be ordered because of what unpaid orders hold: see `catalog.stock.most_held`."""
    most = Q(held__gte=settings.STORE_HOLD_MINIMUM) & Q(
        held__gt=settings.STORE_HOLD_SHARE * (F("stock") + F("held")) / 100 - 1
    )
    return Product.objects.filter(Q(stock=0) | most, held__gt=ZERO)


def narrowed(
    products: QuerySet[Product], filter: ProductFilter, *, order: str | None = None
) -> QuerySet[Product]:
    """Those of the products that pass the filter; `order` is the column that the list is sorted by, if any."""
    for name, value in given(filter).items():
        condition = CONDITIONS[name](value)
        checked = order is not None and has_other_index(name, value, order=order)
        products = products.filter(Checked(condition) if checked else condition)
    return products


def condition(filter: ProductFilter) -> Q | None:
    """What all that pass have in common; None where all products pass."""
    conditions = [CONDITIONS[name](value) for name, value in given(filter).items()]
    return reduce(and_, conditions) if conditions else None


def listed(products: QuerySet[Product], filter: ProductFilter, *, order: str) -> QuerySet[Product]:
    """Those that pass the filter, for pages in the order of the column.

    Looks at once whether they are few, where the filter may leave so few that a page along the index of the order
    would never be filled.
    """
    if any(has_other_index(name, value, order=order) for name, value in given(filter).items()):
        found = few(products, filter)
        if found is not None:
            return found
    return narrowed(products, filter, order=order)


def few(products: QuerySet[Product], filter: ProductFilter) -> QuerySet[Product] | None:
    """Those that pass, by their keys, which are read at once; None where they are more than FEW."""
    # In an order that a seller's products are indexed by: without it PostgreSQL takes every seller for a usual one,
    # and scans the table for rows that one who has none will never have.
    order = ("added_at", "slug") if filter.seller else ()
    found = list(narrowed(products, filter).order_by(*order).values_list("pk", flat=True)[: FEW + 1])
    return products.filter(pk__in=found) if len(found) <= FEW else None


def has_other_index(name: str, value: Any, *, order: str) -> bool:
    """Whether a condition could seek an index that has not the list's order; one category's indexes have it."""
    if name == "categories":
        return len(set(value)) > 1
    if name == "seller":
        return order not in SELLER_ORDERS
    return SEEKABLE.get(name, order) != order


def given(filter: ProductFilter) -> dict[str, Any]:
    """The conditions of the filter by name."""
    return {name: value for name, value in vars(filter).items() if value is not None}


def categories() -> QuerySet[Category]:
    return Category.objects.order_by("sort_name")


def favourites() -> QuerySet[Product]:
    """Products, once for each person whose favourite they are.

    Narrow them by `fan_id`, the person: a condition on `favourites` would join that table a second time.
    `favourite_id` orders them by when they became it.
    """
    return Product.objects.annotate(favourite_id=F("favourites__id"), fan_id=F("favourites__user_id"))


def editable_products(user: User) -> QuerySet[Product]:
    """The products that a person with the permission may change: their own, and all for the staff."""
    return Product.objects.all() if user.acts_as_staff else Product.objects.filter(user=user)
