"""A large catalogue, made within the database: 2,125 categories, 918 values of 40 attributes, and variants.

Its products are numbered, and everything about them is computed from the number, so that each shop of a size is the
same.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count

from django.db import connection, transaction
from django.db.models import Model

from accounts.models import User
from catalog.listings import build_listing
from catalog.models import (
    COPIED,
    Attribute,
    AttributeValue,
    Category,
    Listing,
    Product,
    ProductValue,
    ProductVariant,
    build_copies,
)

# The children of each category, level by level.
BRANCHES = (5, 4, 5, 5, 3)
# The values of each attribute. Each product has one of the first four, and of two of the others.
SIZES = (200, 300, 11, 11, *[11] * 36)
NAMES = ("Brand", "Series", "Material", "Finish")
# The options of all products: three variants differ in size or in colour.
OPTIONS = {
    "Size": ("XS", "S", "M", "L", "XL", "XXL", "38", "40"),
    "Colour": [f"Colour {n}" for n in range(20)],
}
SELLERS = 20
FIRST_DAY = "2025-01-01 00:00:00"


def fill(products: int) -> None:
    """Fill the empty database with so many products, three times as many variants, and ten values of each."""
    for n in range(SELLERS):
        User.objects.create_user(email=f"seller{n}@example.com", first_name="Seller", last_name=str(n))
    grow_tree()
    tables = (Product, ProductVariant, ProductValue, Listing)
    with without_indexes(*tables), connection.cursor() as cursor:
        cursor.execute(insert_products(), [products])
        cursor.execute(insert_variants(make_values(of_options=True)))
        cursor.execute(insert_values(make_values(of_options=False)))
        cursor.execute(build_listing(connection.vendor))


def grow_tree() -> None:
    """Make the tree of categories."""
    numbers = count(1)
    parents: list[Category | None] = [None]
    for children in BRANCHES:
        Category.objects.bulk_create(
            Category(name=f"Category {number}", slug=f"category-{number}", parent=parent)
            for parent in parents
            for number, _ in zip(numbers, range(children), strict=False)
        )
        level = parents[0].level + 1 if parents[0] else 1
        parents = [*Category.objects.filter(level=level).order_by("pk")]


def make_values(*, of_options: bool) -> int:
    """Make the attributes, or the options, with their values. Return the key of the first value."""
    named = {name: [*values] for name, values in OPTIONS.items()}
    if not of_options:
        names = [*NAMES, *(f"Attribute {n}" for n in range(len(SIZES) - len(NAMES)))]
        named = {name: [f"{name} {n}" for n in range(size)] for name, size in zip(names, SIZES, strict=True)}
    for name, values in named.items():
        attribute = Attribute.objects.create(name=name, of_options=of_options)
        AttributeValue.objects.bulk_create(
            AttributeValue(attribute=attribute, name=value) for value in values
        )
    keys = AttributeValue.objects.filter(attribute__of_options=of_options).order_by("pk")
    return keys.values_list("pk", flat=True)[0]


def chance(number: str, prime: int, size: int) -> str:
    """Return the SQL expression of a number from 0 to `size`, which looks random."""
    return f"(({number} * {prime}) % 1000003 * {prime} % 1000003 % {size})"


def rare(number: str, prime: int, size: int) -> str:
    """Return the same, but that low numbers are frequent and high ones are rare."""
    any_number = chance(number, prime, 1_000_000)
    return f"({any_number} * {any_number} * {size} / 1000000000000)"


def insert_products() -> str:
    """Return the statement that inserts the products, with the number of them as its parameter."""
    lite = connection.vendor == "sqlite"
    minutes = f"{chance('n', 7919, 700_000)}"
    moment = (
        f"strftime('%Y-%m-%d %H:%M:%S', '{FIRST_DAY}', '+' || {minutes} || ' minutes')"
        if lite
        else f"timestamptz '{FIRST_DAY}+00' + {minutes} * interval '1 minute'"
    )
    leaves = [*Category.objects.filter(level=len(BRANCHES)).order_by("pk").values_list("pk", flat=True)]
    price = f"round(5 + {chance('n', 48_271, 20_000)} / 100.0, 2)"
    discount = f"CASE WHEN {chance('n', 69_621, 10)} < 3 THEN 5 + 5 * {chance('n', 16_807, 10)} ELSE 0 END"
    name = f"'Thing ' || {chance('n', 39_373, 1_000_003)}"
    columns = {
        "name": name,
        "sort_name": name.replace("T", "t"),
        "slug": "'thing-' || n",
        "description": "'A thing of this shop.'",
        "seo_title": "''",
        "seo_description": "''",
        "search_text": "'thing§a'",
        "value_text": "''",
        "option_1": "'Size'",
        "option_2": "'Colour'",
        "option_3": "''",
        "price": price,
        "discount": discount,
        "final_price": f"round({price} * (100 - {discount}) / 100, 2)",
        "image": "''",
        "image_placeholder": "''",
        "image_alt": "''",
        "stock": " + ".join(stock_of(place) for place in range(3)),
        "sold_count": f"{rare('n', 62_089, 100)} * {chance('n', 271, 20)}",
        **{f"rated_{n}": f"{rare('n', 1_009 * n, 6)} * {chance('n', 97 * n, 3)}" for n in range(1, 6)},
        "added_at": moment,
        "updated_at": moment,
        # Every fiftieth is a draft.
        "published_at": f"CASE WHEN n % 50 <> 0 THEN {moment} END",
        "category_id": f"{leaves[0]} + {rare('n', 32_749, len(leaves))}",
        "user_id": f"(SELECT min(id) FROM accounts_user) + {chance('n', 523, SELLERS)}",
    }
    columns = {name: sql.replace("%", "%%") for name, sql in columns.items()}  # for the statement's parameter
    return (
        "WITH RECURSIVE numbers (n) AS (SELECT CAST(1 AS bigint) UNION ALL SELECT n + 1 FROM numbers WHERE n < %s)"
        f" INSERT INTO catalog_product ({', '.join(columns)}) SELECT {', '.join(columns.values())} FROM numbers"
    )


def stock_of(place: int, number: str = "n") -> str:
    """Return the SQL expression of the stock of a variant, by its place."""
    return f"{rare(number, 2_111 + 6 * place, 100)}"


def insert_variants(first: int) -> str:
    """Return the statement that inserts the variants, from the key of the first value of their options."""
    sizes, colours = (len(values) for values in OPTIONS.values())
    number = "CAST(substr(slug, 7) AS bigint)"
    by_size = f"{number} % 5 < 3"
    size = f"({chance(number, 1_237, sizes)} + CASE WHEN {by_size} THEN place ELSE 0 END) % {sizes}"
    colour = f"({rare(number, 7_753, colours)} + CASE WHEN {by_size} THEN 0 ELSE place END) % {colours}"
    stock = " ".join(f"WHEN {place} THEN {stock_of(place, number)}" for place in range(3))
    return f"""
        INSERT INTO catalog_productvariant (
            product_id, position, sku, sku_key, option_1, option_2, option_3, value_1_id, value_2_id,
            price, discount, final_price, stock, held, barcode, requires_shipping
        )
        SELECT
            product_id, place, sku, sku, size.name, colour.name, '', size.id, colour.id, price, discount, final_price,
            stock, 0, '', TRUE
        FROM (
            SELECT id AS product_id, place, number || '-' || place AS sku, {first} + {size} AS size_id,
                {first + sizes} + {colour} AS colour_id, price, discount, final_price, CASE place {stock} END AS stock
            FROM (SELECT *, {number} AS number FROM catalog_product) AS product
            CROSS JOIN (SELECT 0 AS place UNION ALL SELECT 1 UNION ALL SELECT 2) AS places
        ) AS variant
        JOIN catalog_attributevalue AS size ON size.id = size_id
        JOIN catalog_attributevalue AS colour ON colour.id = colour_id
        ORDER BY product_id, place
    """


def insert_values(first: int) -> str:
    """Return the statement that inserts the products' values, from the key of the first value of attributes."""
    number = "CAST(substr(slug, 7) AS bigint)"
    half = (len(SIZES) - len(NAMES)) // 2
    starts = [first + sum(SIZES[:place]) for place in range(len(NAMES) + 1)]
    values = [
        f"{start} + {rare(number, prime, size)}"
        for start, prime, size in zip(starts, (8_191, 6_133, 3_571, 5_381), SIZES, strict=False)
    ]
    for place, prime in enumerate((4_409, 9_901)):
        attribute = f"({place * half} + {chance(number, prime, half)})"
        values.append(f"{starts[-1]} + {attribute} * 11 + {rare(number, prime + 2, 11)}")
    arms = [f"SELECT id AS product_id, {value} AS value_id FROM catalog_product" for value in values]
    arms += [
        f"SELECT DISTINCT product_id, {column} FROM catalog_productvariant"
        for column in ("value_1_id", "value_2_id")
    ]
    return f"""
        INSERT INTO catalog_productvalue (product_id, value_id, {", ".join(COPIED)})
        SELECT product_id, value_id, {", ".join(build_copies("product"))}
        FROM ({" UNION ALL ".join(arms)}) AS given JOIN catalog_product AS product ON product.id = product_id
        ORDER BY product_id, value_id
    """


@contextmanager
def without_indexes(*models: type[Model]) -> Iterator[None]:
    """Build the indexes after the block, all at once, and let no trigger run within it."""
    lite = connection.vendor == "sqlite"
    triggers: list[str] = []
    with connection.schema_editor() as editor, connection.cursor() as cursor:
        if lite:
            cursor.execute(
                "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name LIKE 'catalog%'"
            )
            for name, sql in cursor.fetchall():
                cursor.execute(f"DROP TRIGGER {name}")
                triggers.append(sql)
        else:
            cursor.execute("SET maintenance_work_mem = '1GB'")
            for model in models:
                cursor.execute(f"ALTER TABLE {model._meta.db_table} DISABLE TRIGGER ALL")
        for model in models:
            for index in model._meta.indexes:
                editor.remove_index(model, index)
    with transaction.atomic():
        yield
    with connection.schema_editor() as editor, connection.cursor() as cursor:
        for model in models:
            for index in model._meta.indexes:
                editor.add_index(model, index)
            if not lite:
                cursor.execute(f"ALTER TABLE {model._meta.db_table} ENABLE TRIGGER ALL")
        for sql in triggers:
            cursor.execute(sql)
