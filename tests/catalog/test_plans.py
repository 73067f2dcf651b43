"""The database has an index for every order of a list of products, and for every filter."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, get_type_hints

import pytest
from django.db import connection
from django.db.models import QuerySet

import api
from api.keyset import Slice
from catalog.models import Listing, Product, ProductValue
from catalog.selectors import (
    CHECKED,
    CONDITIONS,
    LISTING_ORDERS,
    SELLER_ORDERS,
    VALUE_ORDERS,
    Asked,
    Branch,
    Chosen,
    Listed,
    ProductFilter,
    list_conditions,
    narrow,
    narrow_list,
    narrow_listings,
    products,
    seek,
    sought_column,
)
from catalog.types import SORTS, ProductSort, merge_of
from catalog.types import ProductFilter as ProductFilterInput

pytestmark = pytest.mark.django_db

BRANCH, BRANCHES = Branch(keys=(1,), tops=(1,)), Branch(keys=(1, 2), tops=(1, 2))
# Values of the filters' types. One category and several are read by different indexes.
VALUES: dict[Any, list[Any]] = {
    list[str] | None: [["lamps"], ["lamps", "seats"]],
    Branch | None: [BRANCH, BRANCHES],
    tuple[Asked, ...] | None: [(Asked(attribute="brand", values=("Acme", "Bolt")),)],
    tuple[Chosen, ...] | None: [(Chosen(attribute="brand", values=(1, 2), size=2),)],
    str | None: ["ada"],
    int | None: [1],
    float | None: [3.5],
    Decimal | None: [Decimal(10)],
    bool | None: [True, False],
    datetime | None: [datetime(2026, 3, 1, tzinfo=UTC)],
}
FILTERS = [
    ProductFilter(**{name: value})
    for name, type_ in get_type_hints(ProductFilter).items()
    if name in CONDITIONS
    for value in VALUES[type_]
]
# Filters whose lists have indexes of their own, the column that these begin with, and the orders that they are for.
LISTS = [
    (ProductFilter(), [], [*ProductSort]),
    (ProductFilter(branch=BRANCH), ["category"], [ProductSort.BEST_SELLING]),
    (
        ProductFilter(seller="ada"),
        ["user"],
        [sort for sort, order in SORTS.items() if order.columns[0] in SELLER_ORDERS],
    ),
]
# The names of the indexes in a plan, and the word for a sort.
INDEX = {"sqlite": r"INDEX (\w+)", "postgresql": r"(?:using|Bitmap Index Scan on) (\w+)"}
SORTED = {"sqlite": "TEMP B-TREE", "postgresql": "Sort"}
# Partial indexes by the column of their condition. Those of lists only leave out drafts.
PARTIAL = {
    index.name: index.condition.children[0][0].partition("__")[0]
    for index in Product._meta.indexes
    if index.condition
}


def text_of(filter: ProductFilter) -> str:
    return " ".join(f"{name}={value}" for name, value in list_conditions(filter).items())


def plan_of(found: QuerySet[Product, Any]) -> str:
    sql, parameters = found.query.sql_with_params()
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":  # which reads a small table without an index otherwise
            for way in ("seqscan", "sort", "incremental_sort"):
                cursor.execute(f"SET LOCAL enable_{way} = off")
        explain = "EXPLAIN QUERY PLAN" if connection.vendor == "sqlite" else "EXPLAIN"
        cursor.execute(f"{explain} {sql}", parameters)
        return "\n".join(row[-1] for row in cursor.fetchall())


def index_of(plan: str) -> tuple[str | None, list[str]]:
    """Return the index by which the plan reads the products, and its fields; None if it reads the whole table."""
    with connection.cursor() as cursor:
        indexes = connection.introspection.get_constraints(cursor, "catalog_product")
    fields = {field.column: field.name for field in Product._meta.local_concrete_fields}
    for name in re.findall(INDEX[connection.vendor], plan):
        if name in indexes:
            return name, [fields[column] for column in indexes[name]["columns"]]
    return None, []


def in_order(found: QuerySet[Product], sort: api.Sort) -> QuerySet[Product]:
    return found.order_by(*sort.order_by(backwards=False))[:20]


class TestOrders:
    @pytest.mark.parametrize(
        ("filter", "columns", "sort"),
        [
            pytest.param(filter, [*begin, *SORTS[sort].columns], sort, id=f"{sort.name} {text_of(filter)}")
            for filter, begin, sorts in LISTS
            for sort in sorts
        ],
    )
    def test_have_an_index(self, filter: ProductFilter, columns: list[str], sort: ProductSort) -> None:
        order = SORTS[sort]
        plan = plan_of(in_order(narrow(products(), filter, order=order.columns[0]), order))
        _, indexed = index_of(plan)
        assert indexed == columns, (
            f"{sort.name} needs an index over {', '.join(columns)}, in catalog/models/. The plan is\n{plan}"
        )


def index_of_copies(model: type[Listing | ProductValue], column: str, order: api.Sort) -> str:
    """Return the name of the index by which the model's rows with a key in the column are read in the order."""
    [index] = [index for index in model._meta.indexes if index.fields == [column, *order.columns]]
    return str(index.name)


def plan_of_page(filter: ProductFilter, order: api.Sort, paging: api.Paging) -> str:
    listed = narrow_list(products(), filter, order=order.columns[0])
    cut = Slice.of(products(), sort=order, paging=paging)
    return plan_of(cut.one_more(products(), merge=merge_of(listed)).values("pk"))


class TestBranches:
    @pytest.mark.parametrize("sort", ProductSort)
    @pytest.mark.parametrize("paging", [api.Paging(), api.Paging(last=20)], ids=["forwards", "backwards"])
    def test_seek_the_index_of_each_top(self, sort: ProductSort, paging: api.Paging) -> None:
        order = SORTS[sort]
        plan = plan_of_page(ProductFilter(branch=BRANCHES), order, paging)
        if order.columns[0] in LISTING_ORDERS:
            assert index_of_copies(Listing, "category", order) in plan, plan
        else:
            assert "product_in_category_by_sold" in plan, plan

    @pytest.mark.parametrize(
        "filter",
        [
            ProductFilter(branch=BRANCH, in_stock=True),
            ProductFilter(branch=BRANCH, on_sale=True, min_price=Decimal(10)),
        ],
        ids=text_of,
    )
    @pytest.mark.parametrize(
        "sort", [sort for sort in ProductSort if SORTS[sort].columns[0] in LISTING_ORDERS]
    )
    def test_seek_it_with_another_condition(self, filter: ProductFilter, sort: ProductSort) -> None:
        order = SORTS[sort]
        listings = narrow_listings(products(), filter, order=order.columns[0])
        listed = Listed(products=products(), merged=BRANCH.tops, copies=listings)
        cut = Slice.of(products(), sort=order, paging=api.Paging())
        plan = plan_of(cut.one_more(products(), merge=merge_of(listed)).values("pk"))
        assert index_of_copies(Listing, "category", order) in plan, plan

    @pytest.mark.skipif(connection.vendor == "postgresql", reason="It chooses by its statistics.")
    def test_look_up_what_is_sold_out(self) -> None:
        plan = plan_of(seek(products(), ProductFilter(branch=BRANCHES, in_stock=False)))
        assert "product_sold_out" in plan, plan


class TestAttributes:
    FILTER = ProductFilter(
        chosen=(
            Chosen(attribute="brand", values=(1, 2), size=2),
            Chosen(attribute="material", values=(3,), size=9),
        )
    )

    @pytest.mark.parametrize("sort", [sort for sort in ProductSort if SORTS[sort].columns[0] in VALUE_ORDERS])
    @pytest.mark.parametrize("paging", [api.Paging(), api.Paging(last=20)], ids=["forwards", "backwards"])
    def test_seek_the_index_of_each_value(self, sort: ProductSort, paging: api.Paging) -> None:
        order = SORTS[sort]
        plan = plan_of_page(self.FILTER, order, paging)
        assert index_of_copies(ProductValue, "value", order) in plan, plan
        assert re.search(r"product_value_once|product_id=\? AND value_id=\?", plan), plan

    def test_look_up_the_products_with_the_rarest_value(self) -> None:
        plan = plan_of(seek(products(), self.FILTER))
        assert re.search("product_value_by_(added|price)", plan), plan
        assert not re.search(r"(SCAN|Seq Scan on) catalog_product(?!value)", plan), plan


class TestOptions:
    def test_the_products_are_not_looked_up(self) -> None:
        """What a value has copied, and a variant in stock, say all."""
        plan = plan_of(seek(products(), self.FILTER))
        assert self.VARIANTS.search(plan), plan
        assert not re.search(
            r"catalog_product(?!value|variant)|catalog_product_pkey|INTEGER PRIMARY KEY", plan
        ), plan

    FILTER = ProductFilter(
        chosen_options=(
            Chosen(attribute="size", values=(1, 2), size=2),
            Chosen(attribute="colour", values=(3,), size=9),
        ),
        in_stock=True,
    )
    # One of the indexes by which a product's variants are read.
    VARIANTS = re.compile("variant_(by_position|values_once)")

    @pytest.mark.parametrize("sort", ProductSort)
    def test_seek_the_variants_of_each_product(self, sort: ProductSort) -> None:
        order = SORTS[sort]
        plan = plan_of(in_order(narrow(products(), self.FILTER, order=order.columns[0]), order))
        assert self.VARIANTS.search(plan), plan
        assert index_of(plan)[1] == [*order.columns], plan
        assert SORTED[connection.vendor] not in plan, plan

    @pytest.mark.parametrize("sort", [sort for sort in ProductSort if SORTS[sort].columns[0] in VALUE_ORDERS])
    def test_seek_the_index_of_each_value(self, sort: ProductSort) -> None:
        order = SORTS[sort]
        listed = narrow_list(products(), self.FILTER, order=order.columns[0])
        assert listed.merged == ()  # none passes: the look-up for the stock has found them all
        plan = plan_of_page(replace(self.FILTER, in_stock=None), order, api.Paging())
        assert index_of_copies(ProductValue, "value", order) in plan, plan
        assert self.VARIANTS.search(plan), plan

    def test_look_up_the_products_with_the_rarest_value(self) -> None:
        plan = plan_of(seek(products(), self.FILTER))
        assert re.search("product_value_by_(added|price)", plan), plan
        assert not re.search(r"(SCAN|Seq Scan on) catalog_product(?!value)", plan), plan


class TestFilters:
    def test_are_known_wherever_they_are_listed(self) -> None:
        # Three are read from the categories, the attributes and the options.
        inputs = {*get_type_hints(ProductFilterInput), "branch", "chosen", "chosen_options"}
        for place, names in (
            ("ProductFilter of catalog/selectors/filters.py", set(get_type_hints(ProductFilter))),
            ("CONDITIONS of catalog/selectors/filters.py", set(CONDITIONS)),
        ):
            assert not inputs - names, f"{place} lacks {', '.join(sorted(inputs - names))}."
            assert not names - inputs, f"The input ProductFilter lacks {', '.join(sorted(names - inputs))}."

    @pytest.mark.parametrize("filter", FILTERS, ids=text_of)
    def test_have_an_index(self, filter: ProductFilter) -> None:
        [(name, value)] = list_conditions(filter).items()
        if name in CHECKED:
            pytest.skip("Each row is checked by another index: see TestAttributes and TestOptions.")
        column = sought_column(CONDITIONS[name](value))
        order = ("added_at", "slug") if filter.seller else ()  # as find_few reads them
        plan = plan_of(narrow(products(), filter).order_by(*order).values_list("pk")[:20])
        index, indexed = index_of(plan)
        if connection.vendor == "postgresql" and not order:
            # Of a small table it may read any index of published products, which all of them are.
            found = [
                each for each in Product._meta.indexes if column in (each.fields[0], PARTIAL.get(each.name))
            ]
            index, indexed = found[0].name, found[0].fields
        assert PARTIAL.get(index) == column or indexed[:1] == [column], (
            f"{name} needs an index that begins with {column}, in catalog/models/. The plan is\n{plan}"
        )

    @pytest.mark.parametrize("filter", FILTERS, ids=text_of)
    def test_leave_the_index_to_the_order(self, filter: ProductFilter) -> None:
        """A page ends after a few rows of the order's index. By another index, all matches would be sorted first."""
        for sort, order in SORTS.items():
            plan = plan_of(in_order(narrow(products(), filter, order=order.columns[0]), order))
            assert SORTED[connection.vendor] not in plan, f"{sort.name} sorts:\n{plan}"
