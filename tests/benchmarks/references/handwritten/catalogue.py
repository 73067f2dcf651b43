"""The list, a search with its facets, and a product with its comments."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

import catalog.search
from catalog.facets import Facets
from catalog.selectors import categories as in_order
from catalog.types.choices import SEARCH_SORTS, ProductSort
from tests.benchmarks.references.handwritten.forms import (
    answer,
    cursor_of,
    global_id,
    make_node,
    moment,
    money,
    rows_of,
    thumbnail,
    variables_of,
)

COLUMNS = """
    p.id, p.name, p.slug, p.description, p.price, p.final_price, p.image,
    c.id, c.name, c.slug, s.id, s.name, s.slug
"""
JOINED = """
    FROM catalog_product p
    JOIN catalog_category c ON c.id = p.category_id
    JOIN accounts_profile s ON s.user_id = p.user_id
"""
PAGE = f"SELECT {COLUMNS}, p.added_at {JOINED} ORDER BY p.added_at DESC, p.slug DESC LIMIT %s"
TOTAL = "SELECT COUNT(*) FROM (SELECT 1 FROM catalog_product LIMIT 10000) counted"
ONE = f"SELECT {COLUMNS}, p.stock, p.rating_average, p.rating_count {JOINED} WHERE p.slug = %s"
COMMENTS = """
    SELECT m.id, m.body, m.rating, m.created_at, m.slug, a.id, a.name, a.slug
    FROM reviews_comment m
    JOIN accounts_profile a ON a.user_id = m.user_id
    WHERE m.product_id = %s AND m.active
    ORDER BY m.created_at DESC, m.slug DESC LIMIT 11
"""
RELEVANCE = SEARCH_SORTS[ProductSort.RELEVANCE]
# The same columns through the ORM, for the products that search has found.
LOOKUPS = (
    *("pk", "name", "slug", "description", "price", "final_price", "image"),
    *("category", "category__name", "category__slug"),
    *("user__profile", "user__profile__name", "user__profile__slug"),
)


def card(row: tuple[Any, ...]) -> dict[str, Any]:
    key, name, slug, description, price, final_price, image = row[:7]
    return {
        "id": global_id("Product", key),
        "name": name,
        "slug": slug,
        "description": description,
        "price": money(price),
        "finalPrice": money(final_price),
        "category": make_node("Category", *row[7:10]),
        "seller": make_node("Profile", *row[10:13]),
        "image": {"url": settings.MEDIA_URL + image, "thumbnail": thumbnail(image)} if image else None,
    }


@csrf_exempt
def product_list(request: HttpRequest) -> HttpResponse:
    size = variables_of(request)["first"]
    rows = rows_of(PAGE, [size + 1])
    [[total]] = rows_of(TOTAL)
    page = rows[:size]
    info = {"hasNextPage": len(rows) > size, "endCursor": cursor_of(page[-1][13], page[-1][2])}
    return answer("products", {"totalCount": total, "nodes": [card(row) for row in page], "pageInfo": info})


@csrf_exempt
def search(request: HttpRequest) -> HttpResponse:
    """Search by the store's own search, whose SQL is most of the work."""
    variables = variables_of(request)
    found = catalog.search.search(variables["term"])
    best = found.best.order_by(*RELEVANCE.order_by(backwards=False))
    facets = Facets(found=found.counted, bounded=True, level=found.sample.level).counts
    low, high = facets.price_range
    categories = in_order().filter(pk__in=facets.categories)
    value = {
        "__typename": "ProductConnection",
        "totalCount": found.count(),
        "nodes": [card(row) for row in best.values_list(*LOOKUPS)[: variables["first"]]],
        "facets": {
            "categories": [
                {"category": make_node("Category", *row), "count": facets.categories[row[0]]}
                for row in categories.values_list("pk", "name", "slug")
            ],
            "minPrice": money(low),
            "maxPrice": money(high),
            "inStock": facets.in_stock,
            "onSale": facets.on_sale,
        },
    }
    return answer("search", value)


@csrf_exempt
def product(request: HttpRequest) -> HttpResponse:
    [row] = rows_of(ONE, [variables_of(request)["slug"]])
    stock, average, count = row[13:]
    comments = rows_of(COMMENTS, [row[0]])
    page = comments[:10]
    value = {
        **card(row),
        "stock": stock,
        "isAvailable": stock > 0,
        "rating": {"average": average if count else None, "count": count},
        "comments": {
            "nodes": [
                {
                    "id": global_id("Comment", key),
                    "body": body,
                    "rating": rating,
                    "createdAt": moment(created_at),
                    "author": make_node("Profile", *author),
                }
                for key, body, rating, created_at, _slug, *author in page
            ],
            "pageInfo": {
                "hasNextPage": len(comments) > 10,
                "endCursor": cursor_of(page[-1][3], page[-1][4]) if page else None,
            },
        },
    }
    return answer("product", value)
