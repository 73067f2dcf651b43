"""The pages of filtered lists: by which index each is read."""

from dataclasses import dataclass, replace
from operator import attrgetter
from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery
from django.db.models.lookups import IsNull

from catalog.models import Category, Product, ProductValue
from catalog.selectors.filters import (
    NOTHING,
    ProductFilter,
    has_other_index,
    is_chosen,
    list_conditions,
    narrow,
)
from catalog.selectors.tree import expand
from catalog.selectors.values import COMMON, Chosen, find_chosen
from core.counting import CountUpTo

# The orders in which the products with a value have an index.
VALUE_ORDERS = ("added_at", "final_price")
# Up to this many products are read by key and sorted. With more, a scan along the order's index soon fills a page.
FEW = 500


@dataclass(frozen=True, kw_only=True)
class Listed:
    """The products of a list. A page merges the lists of the `merged` categories, if there are any.

    Each category has an index in every order, and several together have none. The rows may also be those `of_values`.
    """

    products: QuerySet[Product]
    merged: tuple[int, ...] = ()
    of_values: QuerySet[ProductValue] | None = None


def resolve(filter: ProductFilter) -> ProductFilter:
    """Read the branch of the filter's categories, and the values of its attributes and options, if it has any.

    Takes a statement for the branch, and one for the values.

    With the keys at hand the databases know how many products to expect, and a page of a single category can seek the
    index of its order.
    """
    if filter.categories is not None:
        found = expand(Category.objects.filter(slug__in=filter.categories))
        filter = replace(filter, categories=None, branch=tuple(found.values_list("pk", flat=True)))
    if filter.attributes is not None or filter.options is not None:
        chosen, options = find_chosen(filter.attributes or (), filter.options or ())
        filter = replace(
            filter,
            attributes=None,
            options=None,
            chosen=filter.chosen if filter.attributes is None else chosen,
            chosen_options=filter.chosen_options if filter.options is None else options,
        )
    return filter


def narrow_list(products: QuerySet[Product], filter: ProductFilter, *, order: str) -> Listed:
    """Filter the products for pages in the order of the column. The filter must be resolved.

    If the filter may leave only a few products, a scan along the order's index might never fill a page. Then this looks
    the products up at once, and uses their keys if they are few.
    """
    if any(not each.values for each in all_chosen(filter)):
        return Listed(products=products.filter(NOTHING))
    others = list_conditions(replace(filter, branch=None, chosen=None, chosen_options=None))
    if any(has_other_index(name, value, order=order) for name, value in others.items()):
        found = find_few(products, filter)
        if found is not None:
            return Listed(products=found)
    if rarest := find_rarest(filter):
        if order in VALUE_ORDERS:
            of_values = narrow_values(products, filter, rarest=rarest)
            return Listed(products=products, merged=rarest.values, of_values=of_values)
        found = find_few(products, filter)
        if found is not None:
            return Listed(products=found)
    if filter.branch and len(filter.branch) > 1:
        narrowed = narrow(products, replace(filter, branch=None), order=order, of_each=True)
        return Listed(products=narrowed, merged=filter.branch)
    return Listed(products=narrow(products, filter, order=order))


def all_chosen(filter: ProductFilter) -> tuple[Chosen, ...]:
    """Return the chosen values of attributes and of options."""
    return (*(filter.chosen or ()), *(filter.chosen_options or ()))


def find_rarest(filter: ProductFilter) -> Chosen | None:
    """Return those of the chosen values that the fewest products have; None if the filter's branch has fewer.

    Takes a statement if the branch has to be counted.
    """
    rarest = min(all_chosen(filter), key=attrgetter("size"), default=None)
    if rarest is None or filter.branch is None or rarest.size <= FEW:
        return rarest
    own = CountUpTo(Product.objects.filter(category=OuterRef("pk")), most=COMMON)
    counts = Category.objects.filter(pk__in=filter.branch).order_by().values_list(own, flat=True)
    return rarest if rarest.size <= sum(counts) else None


def narrow_values(
    products: QuerySet[Product], filter: ProductFilter, *, rarest: Chosen
) -> QuerySet[ProductValue]:
    """Query the values of the products that pass the rest of the filter, each with its own copy of the order."""
    rest = [each for each in filter.chosen or () if each is not rarest]
    passing = narrow(products.filter(pk=OuterRef("product")), replace(filter, chosen=None)).order_by()
    return ProductValue.objects.filter(
        is_chosen(rest, product="product"),
        IsNull(Subquery(passing.values("pk")[:1]), False),
    )


def seek(products: QuerySet[Product], filter: ProductFilter) -> QuerySet[Any, Any]:
    """Query the keys of the products that pass, for a look-up. It reads the rows of the rarest of chosen values."""
    if rarest := find_rarest(filter):
        having = narrow_values(products, filter, rarest=rarest).filter(value__in=rarest.values)
        keys = having.order_by().values("product")
        return keys.distinct() if len(rarest.values) > 1 else keys
    # A seller's products are read in an indexed order. Without it PostgreSQL assumes an average seller, and scans the
    # whole table for the rows of a seller who has none.
    return narrow(products, filter).order_by(*(("added_at", "slug") if filter.seller else ())).values("pk")


def find_few(products: QuerySet[Product], filter: ProductFilter) -> QuerySet[Product] | None:
    """Filter the products by keys, which are read at once; None if there are more than FEW."""
    found = [key for row in seek(products, filter)[: FEW + 1] for key in row.values()]
    return products.filter(pk__in=found) if len(found) <= FEW else None
