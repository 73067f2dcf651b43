"""Reads of the catalogue. They return unevaluated QuerySets."""

from collections.abc import Callable, Collection, Hashable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from functools import reduce
from operator import and_, attrgetter, or_
from typing import Any, TypeVar

from django.db.models import (
    BooleanField,
    Case,
    CharField,
    Exists,
    F,
    Func,
    Max,
    Min,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.expressions import RawSQL
from django.db.models.functions import Cast, Concat, LPad
from django.db.models.lookups import GreaterThan, IsNull

from accounts.models import Profile, User
from catalog.models import (
    FEW_LEFT,
    MAX_LEVELS,
    OPTION_VALUES,
    OPTIONS,
    AttributeValue,
    Category,
    Product,
    ProductImage,
    ProductValue,
    ProductVariant,
    keys_in,
)
from catalog.visibility import is_draft, is_published, is_seen_by, is_to_come, sees_drafts
from core.counting import CountUpTo
from core.slugs import distinct_slug
from core.text import sort_key

Parent = TypeVar("Parent", bound=Hashable)
Item = TypeVar("Item")


@dataclass(frozen=True, kw_only=True)
class Asked:
    """Values of an attribute or of an option, by slug or name, of which a product must have one."""

    attribute: str  # its slug or name
    values: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """The same by key. There are about `size` rows of products with these values."""

    attribute: str  # its slug
    values: tuple[int, ...]
    size: int


@dataclass(frozen=True, kw_only=True)
class OneVariant:
    """What a single variant of a product must have: one of the values of each option, and perhaps some in stock."""

    options: tuple[Asked, ...] | tuple[Chosen, ...]
    in_stock: bool


@dataclass(frozen=True, kw_only=True)
class ProductFilter:
    """A filter of products; None does not filter. Prices are final prices, and both bounds are inclusive.

    A product passes in one of the `categories`, or below, with all of the `attributes`, and with one variant that has
    all of the `options`, and is in stock if that is asked. `resolve` replaces their slugs by keys: the `branch` are
    those of all of these categories, and the `chosen` and `chosen_options` have those of the values.
    """

    categories: list[str] | None = None
    branch: tuple[int, ...] | None = None
    attributes: tuple[Asked, ...] | None = None
    chosen: tuple[Chosen, ...] | None = None
    options: tuple[Asked, ...] | None = None
    chosen_options: tuple[Chosen, ...] | None = None
    seller: str | None = None
    min_price: Decimal | None = None
    max_price: Decimal | None = None
    in_stock: bool | None = None
    on_sale: bool | None = None
    min_rating: float | None = None
    added_after: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Listed:
    """The products of a list. A page merges the lists of the `merged` categories, if there are any.

    Each category has an index in every order, and several together have none. The rows may also be those `of_values`.
    """

    products: QuerySet[Product]
    merged: tuple[int, ...] = ()
    of_values: QuerySet[ProductValue] | None = None


# Comes after every digit, so that it ends the range of the paths below a path.
AFTER_DIGITS = ":"


def within(path: Any) -> Q:
    """Match the category with this path and everything below it, as a range of the index on the path."""
    start = path if hasattr(path, "resolve_expression") else Value(path)
    return Q(path__gte=start, path__lt=Concat(start, Value(AFTER_DIGITS)))


def expand(categories: QuerySet[Category]) -> QuerySet[Category]:
    """The categories with everything below them."""
    end = Concat("path", Value(AFTER_DIGITS))
    above = categories.order_by().filter(GreaterThan(end, OuterRef("path")), path__lte=OuterRef("path"))
    return Category.objects.order_by().filter(Exists(above))


def find_branches(keys: Collection[int]) -> dict[int, list[int]]:
    """Return the keys of each of these categories with everything below it. Takes one statement."""
    branches: dict[int, list[int]] = {key: [] for key in keys}
    for key, path in expand(Category.objects.filter(pk__in=keys)).values_list("pk", "path"):
        for other in keys_in(path):
            if other in branches:
                branches[other].append(key)
    return branches


def in_branch(keys: Sequence[int]) -> Q:
    """Match the products of these categories. The indexes of a category's lists can be sought for one key."""
    return Q(category=keys[0]) if len(keys) == 1 else Q(category__in=keys)


def is_named(asked: Iterable[tuple[Any, str]], *, prefix: str = "") -> Q:
    """Match the attributes or values with one of these texts as their slug or name. Each comes with its parent."""
    texts = {text for _, text in asked}
    slugs, names = [*map(distinct_slug, texts)], [*map(sort_key, texts)]
    return Q(**{f"{prefix}slug__in": slugs}) | Q(**{f"{prefix}sort_name__in": names})


def match_names(
    asked: Collection[tuple[Parent, str]], rows: Iterable[tuple[Parent, str, str, Item]]
) -> dict[tuple[Parent, str], Item]:
    """Find the row of each text, by its slug first, and then by its name. Leave out texts that have none.

    A row is its parent, its slug, its `sort_name`, and what is returned for it.
    """
    by_slug: dict[tuple[Parent, str], Item] = {}
    by_name: dict[tuple[Parent, str], Item] = {}
    for parent, slug, name, item in rows:
        by_slug[parent, slug] = by_name[parent, name] = item
    found = {
        (parent, text): by_slug.get((parent, distinct_slug(text)), by_name.get((parent, sort_key(text))))
        for parent, text in asked
    }
    return {key: item for key, item in found.items() if item is not None}


def has_one(values: Any, *, product: str = "pk") -> IsNull:
    """Match the rows whose `product` has one of the values. It is checked for each row that an index has found.

    PostgreSQL would join EXISTS, or read all products with the values first, which costs more than a page.
    """
    rows = ProductValue.objects.filter(product=OuterRef(product), value__in=values)
    return IsNull(Subquery(rows.values("pk")[:1]), False)


def has_each(attributes: Iterable[Asked]) -> Q:
    """Match the products that have one of the values of each of the attributes."""
    return Q(*(has_one(values_asked(asked, of_options=False)) for asked in attributes))


def values_asked(asked: Asked, *, of_options: bool) -> QuerySet[Any, Any]:
    """Query the keys of the values."""
    values = AttributeValue.objects.order_by().filter(
        is_named((None, text) for text in asked.values),
        is_named([(None, asked.attribute)], prefix="attribute__"),
        attribute__of_options=of_options,
    )
    return values.values("pk")


def is_chosen(chosen: Iterable[Chosen], *, product: str = "pk") -> Q:
    """Match the rows whose `product` has one of the values of each."""
    return Q(*(has_one(each.values, product=product) if each.values else NOTHING for each in chosen))


def has_variant(wanted: OneVariant) -> Q:
    """Match the products of which a single variant has all that is wanted. It is checked as in `has_one`."""
    options: list[Any] = [
        each.values if isinstance(each, Chosen) else values_asked(each, of_options=True)
        for each in wanted.options
    ]
    if not options:
        return Q()
    if any(values == () for values in options):
        return NOTHING
    variants = wanted_variants(options, in_stock=wanted.in_stock).filter(product=OuterRef("pk"))
    return Q(IsNull(Subquery(variants.values("pk")[:1]), False))


def wanted_variants(options: Iterable[Any], *, in_stock: bool) -> QuerySet[ProductVariant]:
    """Query the variants with one of the values of each option.

    A value belongs to one option, so any of the columns may have it.
    """
    variants = ProductVariant.objects.order_by()
    if in_stock:
        variants = variants.filter(stock__gt=ZERO)
    for values in options:
        variants = variants.filter(has_value(values, lookup="in"))
    return variants


def has_value(value: Any, *, lookup: str = "exact") -> Q:
    """Match the variants with the value in one of their columns."""
    return reduce(or_, (Q(**{f"{column}__{lookup}": value}) for column in OPTION_VALUES))


NOTHING = Q(pk__in=[])
# A literal, as in `running_out`: with a parameter no database can use a partial index, whose condition might not hold.
ZERO = RawSQL("0", ())

CONDITIONS: dict[str, Callable[[Any], Q]] = {
    "categories": lambda slugs: Q(category__in=expand(Category.objects.filter(slug__in=slugs)).values("pk")),
    "branch": in_branch,
    "attributes": has_each,
    "chosen": is_chosen,
    "options": has_variant,
    "chosen_options": has_variant,
    "seller": lambda slug: Q(user=Subquery(Profile.objects.filter(slug=slug).values("user"))),
    "min_price": lambda amount: Q(final_price__gte=amount),
    "max_price": lambda amount: Q(final_price__lte=amount),
    "in_stock": lambda yes: Q(stock__gt=ZERO) if yes else Q(stock=ZERO),
    "on_sale": lambda yes: Q(discount__gt=0) if yes else Q(discount=0),
    "min_rating": lambda average: Q(rating_average__gte=average),
    "added_after": lambda moment: Q(added_at__gt=moment),
}


# The conditions that are checked row by row.
CHECKED = ("attributes", "chosen", "options", "chosen_options")
# The orders in which a seller's products have an index.
SELLER_ORDERS = ("added_at", "final_price")
# The products with a value, or of a category, are counted up to this number to find out which are the fewest.
COMMON = 5_000
# The orders in which the products with a value have an index.
VALUE_ORDERS = ("added_at", "final_price")
# Up to this many products are read by key and sorted. With more, a scan along the order's index soon fills a page.
FEW = 500


class Checked(Func):
    """A condition that SQLite checks for each row, without seeking an index for it.

    SQLite would seek that index and sort all matches, although the index of the list's order fills a page at once.
    PostgreSQL chooses by its statistics, unless the rows are `of_each` of several categories, which have none.
    """

    conditional = True
    output_field = BooleanField()
    template = "%(expressions)s"
    unseekable = "((%(expressions)s) IS TRUE)"

    def as_sqlite(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        return self.as_sql(compiler, connection, template=self.unseekable, **extra)

    def as_postgresql(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        template = self.unseekable if self.extra["of_each"] else self.template
        return self.as_sql(compiler, connection, template=template, **extra)


def products() -> QuerySet[Product]:
    """The published products, which everyone sees."""
    return Product.objects.filter(is_published())


def products_seen_by(viewer: User | None) -> QuerySet[Product]:
    """The published products, and those that only this person sees: their own, or all of them for the staff."""
    return Product.objects.filter(is_seen_by(viewer))


def product_in_preview(key: int) -> QuerySet[Product]:
    """The product of a preview's token, published or not."""
    return Product.objects.filter(pk=key)


def unpublished_products(viewer: User) -> QuerySet[Product]:
    """The products that this person sees and shoppers do not: drafts, and those whose time has not come."""
    own = Product.objects.order_by()
    if not sees_drafts(viewer):
        own = own.filter(user=viewer)
    drafts, to_come = (own.filter(condition).values("pk") for condition in (is_draft(), is_to_come()))
    # Each half seeks an index, which no database does for one condition with OR.
    return Product.objects.filter(pk__in=drafts.union(to_come, all=True))


def running_out() -> QuerySet[Product]:
    """The products with FEW_LEFT or fewer in stock."""
    return Product.objects.filter(stock__lte=RawSQL(str(FEW_LEFT), ()))


def fully_held() -> QuerySet[Product]:
    """The products with a variant that is sold out while unpaid orders hold some of it."""
    held = ProductVariant.objects.filter(stock=0, held__gt=ZERO)
    return Product.objects.filter(pk__in=held.values("product"))


def variants() -> QuerySet[ProductVariant]:
    """All variants. Those of a product are in the order in which its seller has put them."""
    return ProductVariant.objects.order_by("position", "pk")


def variants_seen_by(viewer: User | None) -> QuerySet[ProductVariant]:
    return ProductVariant.objects.filter(is_seen_by(viewer, "product__"))


def pictures(keys: Collection[int]) -> dict[int, list[ProductImage]]:
    """Read the pictures of products, in order, by the products' primary keys."""
    found: dict[int, list[ProductImage]] = {key: [] for key in keys}
    for picture in ProductImage.objects.filter(product__in=keys).order_by("position", "pk"):
        found[picture.product_id].append(picture)
    return found


def option_values(keys: Collection[int]) -> dict[int, list[tuple[str, ...]]]:
    """Read the values of the options of products' variants, in order, by the products' primary keys."""
    found: dict[int, list[tuple[str, ...]]] = {key: [] for key in keys}
    for product, *values in variants().filter(product__in=keys).values_list("product_id", *OPTIONS):
        found[product].append(tuple(values))
    return found


def price_ranges(keys: Collection[int]) -> dict[int, tuple[Decimal, Decimal]]:
    """Read the lowest and the highest final price of products' variants, by the products' primary keys."""
    grouped = ProductVariant.objects.filter(product__in=keys).order_by().values("product_id")
    ranges = grouped.annotate(lowest=Min("final_price"), highest=Max("final_price"))
    return {row["product_id"]: (row["lowest"], row["highest"]) for row in ranges}


def attributes_of(keys: Collection[int]) -> dict[int, dict[tuple[str, str], list[str]]]:
    """Read the values of products' attributes, each by name and slug, in order, by the products' primary keys."""
    found: dict[int, dict[tuple[str, str], list[str]]] = {key: {} for key in keys}
    attribute = "value__attribute__"
    rows = ProductValue.objects.filter(product__in=keys, value__attribute__of_options=False).order_by(
        f"{attribute}position", f"{attribute}sort_name", "value__sort_name"
    )
    columns = ("product_id", f"{attribute}name", f"{attribute}slug", "value__name")
    for product, name, slug, value in rows.values_list(*columns):
        found[product].setdefault((name, slug), []).append(value)
    return found


def mark_several(products: QuerySet[Product]) -> QuerySet[Product]:
    """Annotate `has_several`: whether the product has more than one variant."""
    second = ProductVariant.objects.filter(product=OuterRef("pk")).order_by()[1:2]
    return products.annotate(has_several=Exists(second))


def narrow(
    products: QuerySet[Product], filter: ProductFilter, *, order: str | None = None, of_each: bool = False
) -> QuerySet[Product]:
    """Filter the products. `order` is the column that the list is sorted by, if any.

    `of_each` says that the first products of each of several categories are read.
    """
    for name, value in list_conditions(filter).items():
        condition = CONDITIONS[name](value)
        checked = order is not None and has_other_index(name, value, order=order)
        products = products.filter(Checked(condition, of_each=of_each) if checked else condition)
    return products


def condition(filter: ProductFilter) -> Q | None:
    """Return the filter as one condition; None if all products pass."""
    conditions = [CONDITIONS[name](value) for name, value in list_conditions(filter).items()]
    return reduce(and_, conditions) if conditions else None


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


def find_chosen(
    attributes: Sequence[Asked], options: Sequence[Asked]
) -> tuple[tuple[Chosen, ...], tuple[Chosen, ...]]:
    """Read the keys of the values, and count the products that have each. Takes one statement."""
    asked = [(False, each) for each in attributes] + [(True, each) for each in options]
    values = AttributeValue.objects.filter(
        is_named((None, text) for _, each in asked for text in each.values),
        is_named(((None, each.attribute) for _, each in asked), prefix="attribute__"),
        attribute__of_options__in={kind for kind, _ in asked},
    )
    size = CountUpTo(ProductValue.objects.filter(value=OuterRef("pk")), most=COMMON)
    names = [f"attribute__{name}" for name in ("of_options", "slug", "sort_name")]
    rows = [*values.order_by().values_list(*names, "slug", "sort_name", "pk", size)]
    parents = match_names(
        {(kind, each.attribute) for kind, each in asked},
        [(kind, slug, name, (kind, slug)) for kind, slug, name, *_ in rows],
    )
    found = match_names(
        {(parents.get((kind, each.attribute)), text) for kind, each in asked for text in each.values},
        [((kind, parent), slug, name, (pk, size)) for kind, parent, _, slug, name, pk, size in rows],
    )
    chosen: dict[bool, list[Chosen]] = {False: [], True: []}
    for kind, each in asked:
        parent = parents.get((kind, each.attribute))
        sizes = dict(found[parent, text] for text in each.values if (parent, text) in found)
        slug = parent[1] if parent else each.attribute
        chosen[kind].append(Chosen(attribute=slug, values=tuple(sizes), size=sum(sizes.values())))
    return tuple(chosen[False]), tuple(chosen[True])


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


def has_other_index(name: str, value: Any, *, order: str) -> bool:
    """Whether a condition could seek an index in another order than the list's. A single category's indexes have it."""
    if name == "categories":
        return True
    if name in CHECKED:
        return False  # see `has_one`
    if name == "branch":
        return len(value) > 1
    if name == "seller":
        return order not in SELLER_ORDERS
    return sought_column(CONDITIONS[name](value)) != order


def sought_column(condition: Q) -> str | None:
    """Return the column whose index a database might seek for the condition; None if it is not about one alone."""
    match condition.children:
        case [(str(lookup), _)]:
            return lookup.partition("__")[0]
        case _:
            return None


def list_conditions(filter: ProductFilter) -> dict[str, Any]:
    """Return the conditions of the filter that are set, by name."""
    conditions = {name: value for name, value in vars(filter).items() if value is not None}
    for name in ("options", "chosen_options"):
        if name in conditions:
            conditions[name] = OneVariant(options=conditions[name], in_stock=filter.in_stock is True)
    return conditions


def categories() -> QuerySet[Category]:
    """All categories, level by level from the top. Siblings stand in their order: by position, then by name."""
    return Category.objects.order_by("level", "position", "sort_name", "pk")


# Of the largest key. Numbers of one length compare as texts.
DIGITS = 19
# Comes before every character of a name, so that a name comes before those that begin with it.
END_OF_NAME = Value("\x01")


def categories_in_tree_order() -> QuerySet[Category]:
    """All categories, each below its parent, for pages that show the whole tree."""
    return Category.objects.order_by(tree_order())


def tree_order() -> Concat:
    """Return an expression of the place in the tree. It reads the parents through joins, one for each level."""
    parents = ["parent__" * level for level in reversed(range(MAX_LEVELS))]
    return Concat(*map(own_order, parents), output_field=CharField())


def own_order(prefix: str) -> Case:
    """Return an expression of the order among siblings, for a category or one above it; empty if there is none."""
    number = CharField()
    order = Concat(
        LPad(Cast(f"{prefix}position", number), DIGITS, Value("0")),
        F(f"{prefix}sort_name"),
        END_OF_NAME,
        LPad(Cast(f"{prefix}id", number), DIGITS, Value("0")),
        output_field=CharField(),
    )
    return Case(When(**{f"{prefix}id__isnull": False}, then=order), default=Value(""))


def favourites() -> QuerySet[Product]:
    """Published favourites, once for each person who has them.

    Filter by `fan_id`, the person's key: a condition on `favourites` would join that table a second time.
    `favourite_id` orders the favourites by when they were added.
    """
    return products().annotate(favourite_id=F("favourites__id"), fan_id=F("favourites__user_id"))


def editable_products(user: User) -> QuerySet[Product]:
    """The products that a person with the permission may change: their own, or all products for the staff."""
    return Product.objects.all() if user.acts_as_staff else Product.objects.filter(user=user)
