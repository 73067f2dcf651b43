"""Writes of the listings of products, which triggers of catalog/search/index/ keep whenever a product is written.

The functions are for what no product's write tells: a branch that moves, and a listing that is wrong.
"""

from collections.abc import Collection

from django.db import connection, transaction

from catalog.models import LISTED, Listing, Product

COLUMNS = ", ".join(("product_id", "category_id", *LISTED))
# The keys in the path of a category, each as a row `above`.
ABOVE = {
    "sqlite": "json_each('[' || replace(trim(category.path, '/'), '/', ',') || ']') AS above",
    "postgresql": "unnest(string_to_array(trim(both '/' from category.path), '/')::bigint[]) AS above (value)",
}
# Two transactions that write a product and move its category at the same time would not see each other. So a write of
# listings shares this lock of the tree, and a change of the tree has it alone. SQLite has one writer at a time.
SHARE_TREE = "pg_advisory_xact_lock_shared('catalog_category'::regclass::oid::bigint)"
LOCK_TREE = "SELECT pg_advisory_xact_lock('catalog_category'::regclass::oid::bigint)"


def build_listed(vendor: str, products: str = "catalog_product") -> str:
    """Return the query of the right listings of all products of a table. Another condition may be appended."""
    return f"""
        SELECT product.id, above.value, {", ".join(f"product.{column}" for column in LISTED)}
        FROM {products} AS product JOIN catalog_category AS category ON category.id = product.category_id
        CROSS JOIN {ABOVE[vendor]}
        WHERE product.published_at IS NOT NULL
    """


def build_listing(vendor: str, products: str = "catalog_product") -> str:
    """Return the statement that inserts them."""
    return f"INSERT INTO catalog_listing ({COLUMNS}) {build_listed(vendor, products)}"


def build_mends(vendor: str) -> tuple[str, ...]:
    """Return the statements that list the products with the keys {first} to {last} as they are, and delete other rows.

    Steps of a transaction that has locked the products. They write only what is wrong.

    Locks:
        On PostgreSQL, the tree, shared with others that list products.
    """
    of_these = "BETWEEN {first} AND {last}"
    mends = (
        f"""
        DELETE FROM catalog_listing WHERE (product_id, category_id) IN (
            SELECT product_id, category_id FROM (
                SELECT {COLUMNS} FROM catalog_listing WHERE product_id {of_these}
                EXCEPT {build_listed(vendor)} AND product.id {of_these}
            ) AS wrong
        )
        """,
        f"{build_listing(vendor)} AND product.id {of_these} ON CONFLICT DO NOTHING",
    )
    return (f"SELECT {SHARE_TREE}", *mends) if vendor == "postgresql" else mends


def move_listings(*, category_pk: int, left: Collection[int], entered: Collection[int]) -> None:
    """Take what is listed in the category from the lists above it that it has left, and add it to those it has entered.

    A step of a transaction that has locked the tree. Takes a statement for each. What is wrong in these lists does not
    hinder the move; the audit finds it before and after.
    """
    moved = Listing.objects.filter(category=category_pk)
    if left:
        Listing.objects.filter(category__in=left, product__in=moved.values("product")).delete()
    if entered:
        places = ", ".join(["%s"] * len(entered))
        with connection.cursor() as cursor:
            cursor.execute(
                f"""
                INSERT INTO catalog_listing ({COLUMNS})
                SELECT product_id, category.id, {", ".join(f"listed.{column}" for column in LISTED)}
                FROM catalog_listing AS listed JOIN catalog_category AS category ON category.id IN ({places})
                WHERE listed.category_id = %s
                ON CONFLICT DO NOTHING
                """,
                [*entered, category_pk],
            )


def find_wrong_listings() -> list[int]:
    """Return the keys of the products that are listed elsewhere, or otherwise, than where they belong."""
    right, present = build_listed(connection.vendor), f"SELECT {COLUMNS} FROM catalog_listing"
    with connection.cursor() as cursor:
        cursor.execute(f"""
            SELECT product_id FROM (
                SELECT product_id FROM ({present} EXCEPT {right}) AS surplus
                UNION SELECT id FROM ({right} EXCEPT {present}) AS lacking
            ) AS wrong ORDER BY product_id
        """)
        return [key for (key,) in cursor.fetchall()]


@transaction.atomic
def list_again(product_pk: int) -> None:
    """Make the product's listings again.

    Locks:
        The product; then on PostgreSQL, the tree, shared with others that list products.
    """
    list(Product.objects.select_for_update().filter(pk=product_pk).values_list("pk"))
    with connection.cursor() as cursor:
        for statement in build_mends(connection.vendor):
            cursor.execute(statement.format(first=product_pk, last=product_pk))


def list_products_again(category_pk: int) -> None:
    """Make the listings of the category's own products again. A step of a transaction that has locked the tree."""
    products = Product.objects.filter(category=category_pk)
    Listing.objects.filter(product__in=products.values("pk")).delete()
    with connection.cursor() as cursor:
        cursor.execute(f"{build_listing(connection.vendor)} AND product.category_id = %s", [category_pk])
