"""The pages of filtered lists: by which index each is read."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from operator import attrgetter
from typing import Any

from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.db.models.lookups import IsNull

from catalog.models import Category, Listing, Product, ProductValue
from catalog.selectors.filters import (
    CONDITIONS,
    NOTHING,
    Checked,
    OneVariant,
    ProductFilter,
    has_other_index,
    has_variant,
    is_chosen,
    list_conditions,
    narrow,
    sought_column,
)
from catalog.selectors.tree import find_branch
from catalog.selectors.values import COMMON, Chosen, find_chosen
from catalog.visibility import is_listed
from core.counting import CountUpTo

# The orders in which the products with a value have an index, and those of a branch.
VALUE_ORDERS = ("added_at", "final_price")
LISTING_ORDERS = ("added_at", "final_price", "sort_name", "discount", "rating_average")
# The conditions that the copies of a product's columns can be checked for, of a value and of a listing.
OF_VALUES = ("min_price", "max_price", "added_after")
OF_LISTINGS = (*OF_VALUES, "on_sale", "min_rating")
# Up to this many products are read by key and sorted. With more, a scan along the order's index soon fills a page.
FEW = 500


@dataclass(frozen=True, kw_only=True)
class Listed:
    """The products of a list. A page merges the lists of the rows with each of the `merged` keys, if there are any.

    Each of these has an index in the order. The rows are the products of categories, or `copies` of the order's columns
    that have the key in the `column`: listings of a category, or values.
    """

    products: QuerySet[Product]
    merged: tuple[int, ...] = ()
    column: str = "category_id"
    copies: QuerySet[Any] | None = None


def resolve(filter: ProductFilter) -> ProductFilter:
    """Read the branch of the filter's categories, and the values of its attributes and options, if it has any.

    Takes a statement for the branch, and one for the values.

    With the keys at hand the databases know how many products to expect, and a page of a single category can seek the
    index of its order.
    """
    if filter.categories is not None:
        branch = find_branch(Category.objects.filter(slug__in=filter.categories))
        filter = replace(filter, categories=None, branch=branch)
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
            values = narrow_values(products, filter, rarest=rarest, order=order)
            return Listed(products=products, merged=rarest.values, column="value_id", copies=values)
        found = find_few(products, filter)
        if found is not None:
            return Listed(products=found)
    if filter.branch and filter.branch.keys:
        if order in LISTING_ORDERS:
            listings = narrow_listings(products, filter, order=order)
            return Listed(products=products, merged=filter.branch.tops, copies=listings)
        if len(filter.branch.keys) > 1:
            narrowed = narrow(products, replace(filter, branch=None), order=order, of_each=True)
            return Listed(products=narrowed, merged=filter.branch.keys)
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
    own = CountUpTo(Listing.objects.filter(category=OuterRef("pk")), most=COMMON)
    counts = Category.objects.filter(pk__in=filter.branch.tops).order_by().values_list(own, flat=True)
    return rarest if rarest.size <= sum(counts) else None


def narrow_values(
    products: QuerySet[Product], filter: ProductFilter, *, rarest: Chosen, order: str | None = None
) -> QuerySet[ProductValue]:
    """Query the values of the products that pass the rest of the filter, each with its own copy of the order."""
    rest = [each for each in filter.chosen or () if each is not rarest]
    values = ProductValue.objects.filter(is_chosen(rest, product="product"))
    others = replace(filter, chosen=None)
    if filter.chosen_options:
        if filter.in_stock or filter.chosen_options != (
            rarest,
        ):  # some variant has each of the product's values
            wanted = OneVariant(options=filter.chosen_options, in_stock=filter.in_stock is True)
            values = values.filter(has_variant(wanted, product="product"))
        # With a variant the product is in stock, too, and need not be looked up.
        others = replace(others, chosen_options=None, in_stock=None if filter.in_stock else filter.in_stock)
    return narrow_copies(values, products, others, names=OF_VALUES, order=order)


def narrow_listings(
    products: QuerySet[Product], filter: ProductFilter, *, order: str | None = None
) -> QuerySet[Listing]:
    """Query the listings of the products that pass the rest of a filter by a branch."""
    others = replace(filter, branch=None)
    return narrow_copies(Listing.objects.all(), products, others, names=OF_LISTINGS, order=order)


def narrow_copies(
    copies: QuerySet[Any],
    products: QuerySet[Product],
    filter: ProductFilter,
    *,
    names: Iterable[str],
    order: str | None,
) -> QuerySet[Any]:
    """Filter rows that copy columns of public products, for a list in this order, if it has one.

    The conditions with these names are checked on the copies. Only what is left is looked up in the product.
    """
    copies = copies.filter(is_listed())
    for name in names:
        value = getattr(filter, name)
        if value is not None:
            condition = CONDITIONS[name](value)
            seeks = order is None or sought_column(condition) == order
            copies = copies.filter(condition if seeks else Checked(condition, of_each=True))
            filter = replace(filter, **{name: None})
    if filter != ProductFilter():
        passing = narrow(products.filter(pk=OuterRef("product")), filter).order_by()
        copies = copies.filter(IsNull(Subquery(passing.values("pk")[:1]), False))
    return copies


def seek(products: QuerySet[Product], filter: ProductFilter) -> QuerySet[Any, Any]:
    """Query the keys of the products that pass, for a look-up.

    It reads the rows of the rarest of chosen values, or the listings of a branch where these have all that is asked.
    """
    if rarest := find_rarest(filter):
        having = narrow_values(products, filter, rarest=rarest).filter(value__in=rarest.values)
        keys = having.order_by().values("product")
        return keys.distinct() if len(rarest.values) > 1 else keys
    listed = find_listed(products, filter)
    if listed is not None:
        return listed.order_by().values("product")
    if filter.branch and filter.in_stock is False:
        # True of all. SQLite seeks the index of what is sold out only with its second column: without, it would rather
        # seek all published products of each category.
        products = products.filter(discount__gte=0)
    # A seller's products are read in an indexed order. Without it PostgreSQL assumes an average seller, and scans the
    # whole table for the rows of a seller who has none.
    return narrow(products, filter).order_by(*(("added_at", "slug") if filter.seller else ())).values("pk")


def find_listed(products: QuerySet[Product], filter: ProductFilter) -> QuerySet[Listing] | None:
    """Query a branch's listings that pass the filter, one of each product; None if they lack what is asked."""
    if not filter.branch or not filter.branch.tops or not is_of_listings(replace(filter, branch=None)):
        return None
    # A product is below one of the tops at the most.
    tops = filter.branch.tops
    within = Q(category=tops[0]) if len(tops) == 1 else Q(category__in=tops)
    return narrow_listings(products, filter).filter(within)


def is_of_listings(filter: ProductFilter) -> bool:
    """Whether listings have the columns of all conditions."""
    return list_conditions(filter).keys() <= {*OF_LISTINGS}


def find_few(products: QuerySet[Product], filter: ProductFilter) -> QuerySet[Product] | None:
    """Filter the products by keys, which are read at once; None if there are more than FEW."""
    found = [key for row in seek(products, filter)[: FEW + 1] for key in row.values()]
    return products.filter(pk__in=found) if len(found) <= FEW else None
