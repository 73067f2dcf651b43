"""Details of products from other tables, read once for all products of an answer."""

from collections.abc import Collection
from decimal import Decimal

from django.db.models import Max, Min

from catalog.models import OPTIONS, ProductImage, ProductValue, ProductVariant
from catalog.selectors.products import variants


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
