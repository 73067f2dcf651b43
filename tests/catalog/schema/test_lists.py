"""Lists of products: every filter and order, through all pages, forwards and backwards."""

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from backend.schema import schema
from catalog.attributes import set_attributes
from catalog.models import Favourite, Product
from catalog.types import ProductSort
from core.text import sort_key
from tests.conftest import GraphQLClient, global_id
from tests.factories import make_category, make_product, make_products, make_user

pytestmark = pytest.mark.django_db

DAY = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)
PRODUCTS = """
query($filter: ProductFilter, $sort: ProductSort! = NEWEST, $first: Int, $after: String, $last: Int, $before: String) {
  products(filter: $filter, sort: $sort, first: $first, after: $after, last: $last, before: $before) {
    nodes { slug }
    edges { cursor node { slug } }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    totalCount
  }
}
"""
ORDERS: dict[str, Callable[[Product], Any]] = {
    "RELEVANCE": lambda product: (product.added_at, product.slug),
    "NEWEST": lambda product: (product.added_at, product.slug),
    "PRICE_ASC": lambda product: (product.final_price, product.slug),
    "PRICE_DESC": lambda product: (product.final_price, product.slug),
    "NAME_ASC": lambda product: (sort_key(product.name), product.slug),
    "DISCOUNT_DESC": lambda product: (product.discount, product.slug),
    "BEST_SELLING": lambda product: (product.sold_count, product.slug),
    "TOP_RATED": lambda product: (product.rating_average, product.rating_count, product.slug),
}
DESCENDING = set(ORDERS) - {"PRICE_ASC", "NAME_ASC"}


def make_products_with_ties() -> None:
    """Make seven products, with ties of two and three in every sort order."""
    category, seller = make_category(), make_user()
    for number in range(7):
        product = make_product(
            name=("Lamp", "chair", "Ärmel")[number % 3],
            category=category,
            user=seller,
            price=Decimal(("10.00", "9.99")[number % 2]),
            discount=Decimal(("0", "33.33", "50")[number % 3]),
            added_at=DAY + timedelta(microseconds=number // 3),
        )
        Product.objects.filter(pk=product.pk).update(
            sold_count=number // 2, rated_1=number % 2, rated_5=number % 3
        )


def encode(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode()


def slugs_in_order(sort: str) -> list[str]:
    products = sorted(Product.objects.all(), key=ORDERS[sort], reverse=sort in DESCENDING)
    return [product.slug for product in products]


def slugs(page: dict[str, Any]) -> list[str]:
    assert page["nodes"] == [edge["node"] for edge in page["edges"]]
    return [node["slug"] for node in page["nodes"]]


def statements(browser: GraphQLClient, query: str, **variables: Any) -> int:
    with CaptureQueriesContext(connection) as captured:
        browser.run(query, **variables)
    return len(captured)


def test_all_orders_are_tried() -> None:
    assert ORDERS.keys() == ProductSort.__members__.keys()


@pytest.mark.parametrize("sort", ORDERS)
class TestOrders:
    def test_forwards(self, api: GraphQLClient, sort: str) -> None:
        make_products_with_ties()
        expected, after = slugs_in_order(sort), None
        for start in range(0, 7, 2):
            page = api.run(PRODUCTS, sort=sort, first=2, after=after)["products"]
            assert slugs(page) == expected[start : start + 2]
            assert page["pageInfo"]["hasNextPage"] == (start < 6)
            assert page["pageInfo"]["hasPreviousPage"] == (start > 0)
            assert page["totalCount"] == 7
            after = page["pageInfo"]["endCursor"]

    def test_backwards(self, api: GraphQLClient, sort: str) -> None:
        make_products_with_ties()
        expected, before = slugs_in_order(sort), None
        for end in range(7, 0, -2):
            page = api.run(PRODUCTS, sort=sort, last=2, before=before)["products"]
            assert slugs(page) == expected[max(end - 2, 0) : end]
            assert page["pageInfo"]["hasNextPage"] == (end < 7)
            assert page["pageInfo"]["hasPreviousPage"] == (end > 2)
            before = page["pageInfo"]["startCursor"]

    def test_between_two_cursors(self, api: GraphQLClient, sort: str) -> None:
        make_products_with_ties()
        expected = slugs_in_order(sort)
        cursors = [edge["cursor"] for edge in api.run(PRODUCTS, sort=sort)["products"]["edges"]]
        page = api.run(PRODUCTS, sort=sort, after=cursors[1], before=cursors[5])["products"]
        assert slugs(page) == expected[2:5]


class TestPages:
    def test_default_is_twenty(self, api: GraphQLClient) -> None:
        category, seller = make_category(), make_user()
        for _ in range(21):
            make_product(category=category, user=seller)
        page = api.run(PRODUCTS)["products"]
        assert (len(page["nodes"]), page["pageInfo"]["hasNextPage"], page["totalCount"]) == (20, True, 21)
        assert len(api.run(PRODUCTS, first=100)["products"]["nodes"]) == 21

    def test_of_nothing(self, api: GraphQLClient) -> None:
        page = api.run(PRODUCTS)["products"]
        no_page = {"hasNextPage": False, "hasPreviousPage": False, "startCursor": None, "endCursor": None}
        assert page == {"nodes": [], "edges": [], "pageInfo": no_page, "totalCount": 0}

    def test_a_cursor_outlives_its_row(self, api: GraphQLClient) -> None:
        make_products_with_ties()
        expected = slugs_in_order("NEWEST")
        cursor = api.run(PRODUCTS, first=3)["products"]["pageInfo"]["endCursor"]
        Product.objects.filter(slug__in=expected[1:4]).delete()
        assert slugs(api.run(PRODUCTS, after=cursor)["products"]) == expected[4:]

    @pytest.mark.parametrize(
        "arguments",
        [
            {"first": 0},
            {"first": -1},
            {"first": 101},
            {"last": 0},
            {"last": -1},
            {"last": 101},
            {"first": 1, "last": 1},
        ],
    )
    def test_sizes_that_cannot_be(self, api: GraphQLClient, arguments: dict[str, int]) -> None:
        assert api.expect_refusal(PRODUCTS, **arguments) == "BAD_USER_INPUT"

    @pytest.mark.parametrize("argument", ["after", "before"])
    @pytest.mark.parametrize(
        "cursor", ["", "x", "not a cursor", "🙂", encode([]), encode("a"), encode(["1", "a"])]
    )
    def test_cursors_that_are_none(self, api: GraphQLClient, cursor: str, argument: str) -> None:
        assert api.expect_refusal(PRODUCTS, **{argument: cursor}) == "BAD_USER_INPUT"

    def test_a_cursor_of_another_order(self, api: GraphQLClient) -> None:
        make_products_with_ties()
        cursor = api.run(PRODUCTS, sort="PRICE_ASC", first=1)["products"]["pageInfo"]["endCursor"]
        assert api.expect_refusal(PRODUCTS, sort="TOP_RATED", after=cursor) == "BAD_USER_INPUT"

    def test_cursors_outlive_what_comes_and_goes_backwards(self, api: GraphQLClient) -> None:
        make_products_with_ties()
        expected = slugs_in_order("NEWEST")
        cursor = api.run(PRODUCTS, last=3)["products"]["pageInfo"]["startCursor"]
        Product.objects.filter(slug__in=expected[2:5]).delete()
        newest = make_product(added_at=DAY + timedelta(days=1))
        page = api.run(PRODUCTS, last=2, before=cursor)["products"]
        assert (slugs(page), page["pageInfo"]["hasPreviousPage"]) == (expected[:2], True)
        before = page["pageInfo"]["startCursor"]
        assert slugs(api.run(PRODUCTS, last=2, before=before)["products"]) == [newest.slug]

    @pytest.mark.slow
    def test_counts_no_further_than_it_says(self, api: GraphQLClient) -> None:
        make_products(10_001)
        query = "{ products { totalCount } categories { productCount products { totalCount } } }"
        assert api.run(query) == {
            "products": {"totalCount": 10_000},
            "categories": [{"productCount": 1_000, "products": {"totalCount": 10_000}}],
        }

    def test_counts_only_when_asked(self, api: GraphQLClient) -> None:
        make_product()
        assert statements(api, "{ products { nodes { name category { name } seller { name } } } }") == 1
        assert statements(api, "{ products { totalCount nodes { name } } }") == 2
        narrowed = "{ products(filter: {maxPrice: 10}) { totalCount nodes { name category { name } } } }"
        assert statements(api, narrowed) == 3


class TestFilters:
    """Each filter reaches the selector, whose own tests show its meaning."""

    EACH: list[tuple[dict[str, Any], set[str]]] = [
        ({"categories": ["light"]}, {"lamp"}),
        ({"seller": "ada-seller"}, {"lamp"}),
        ({"minPrice": "10.01"}, {"chair"}),
        ({"maxPrice": 10}, {"lamp"}),
        ({"inStock": False}, {"lamp"}),
        ({"onSale": True}, {"chair"}),
        ({"minRating": 4}, {"chair"}),
        ({"addedAfter": DAY.isoformat()}, {"chair"}),
        ({"addedAfter": "2026-03-01T12:00:00.123456"}, {"chair"}),
        ({"addedAfter": "2026-03-01T14:00:00.123456+02:00"}, {"chair"}),
        ({"addedAfter": None, "onSale": None}, {"lamp", "chair"}),
        ({"attributes": [{"slug": "brand", "values": ["Acme"]}]}, {"lamp"}),
        ({"attributes": [{"slug": "brand", "values": ["Nobody"]}]}, set()),
        ({"attributes": [{"slug": "nothing", "values": ["Acme"]}]}, set()),
        ({"options": [{"name": "size", "values": ["s"]}]}, {"lamp"}),
        ({"options": [{"name": "Size", "values": ["M"]}]}, set()),
    ]

    def test_all_are_tried(self) -> None:
        tried = {name for filter, _ in self.EACH for name in filter}
        assert tried == set(schema._schema.type_map["ProductFilter"].fields)  # type: ignore[attr-defined]  # an input

    @pytest.mark.parametrize(("filter", "expected"), EACH)
    def test_each(self, api: GraphQLClient, filter: dict[str, Any], expected: set[str]) -> None:
        ada = make_user(first_name="Ada", last_name="Seller")
        light = make_category("Light")
        sizes: dict[str, Any] = {"options": ["Size"], "variants": [{"values": "S"}]}
        lamp = make_product(name="lamp", category=light, user=ada, stock=0, added_at=DAY, **sizes)
        with transaction.atomic():
            set_attributes({lamp.pk: {"Brand": ["Acme"]}}, whole=True)
        chair = make_product(
            name="chair", price=Decimal(100), discount=Decimal(10), added_at=DAY + timedelta(microseconds=1)
        )
        Product.objects.filter(pk=chair.pk).update(rated_4=1)
        page = api.run(PRODUCTS, filter=filter)["products"]
        assert set(slugs(page)) == expected
        assert page["totalCount"] == len(expected)

    @pytest.mark.parametrize(
        "filter",
        [
            {"minPrice": "1e9"},
            {"minPrice": "NaN"},
            {"minPrice": "Infinity"},
            {"minPrice": "ten"},
            {"minPrice": "9" * 41},
            {"minPrice": True},
            {"addedAfter": "yesterday"},
            {"addedAfter": 1},
            {"addedAfter": "0001-01-01T00:00:00+23:59"},
            {"minRating": "many"},
            {"inStock": "yes"},
            {"categories": [None]},
            {"regex": "(a+)+"},
        ],
    )
    def test_values_that_cannot_be(self, api: GraphQLClient, filter: dict[str, Any]) -> None:
        assert api.expect_refusal(PRODUCTS, filter=filter) == "BAD_USER_INPUT"


class TestIsFavourite:
    QUERY = "{ products(sort: NAME_ASC) { nodes { name isFavourite } } }"

    def test_is_the_callers_own(self, api: GraphQLClient, signed_in: Callable[..., GraphQLClient]) -> None:
        ada, bob = make_user(), make_user()
        chair, _ = make_product(name="chair"), make_product(name="lamp")
        Favourite.objects.create(user=ada, product=chair)
        for browser, expected in (
            (api, [False, False]),
            (signed_in(ada), [True, False]),
            (signed_in(bob), [False] * 2),
        ):
            nodes = browser.run(self.QUERY)["products"]["nodes"]
            assert [node["isFavourite"] for node in nodes] == expected


class TestProduct:
    QUERY = """
    query($slug: String!) {
      product(slug: $slug) {
        name slug description stock isAvailable discount onSale isFavourite addedAt updatedAt
        category { name slug productCount }
        seller { name slug }
        price { amount currency minorUnits formatted }
        finalPrice { amount currency minorUnits formatted }
        image { id alt url width height placeholder thumbnail large: thumbnail(size: XLARGE, format: AVIF) }
        rating { average count histogram }
      }
    }
    """

    def test_everything(self, api: GraphQLClient) -> None:
        seller = make_user(first_name="Ada", last_name="Seller")
        product = make_product(
            name="Oak lamp",
            category=make_category("Light"),
            user=seller,
            price=Decimal("12.50"),
            discount=Decimal("10"),
            added_at=DAY,
            updated_at=DAY,
            image="products/a.jpg",
            image_width=60,
            image_height=40,
            image_placeholder="data:",
            image_alt="Alight",
        )
        Product.objects.filter(pk=product.pk).update(rated_2=1, rated_5=1)
        assert api.run(self.QUERY, slug="oak-lamp")["product"] == {
            "name": "Oak lamp",
            "slug": "oak-lamp",
            "description": "A thing.",
            "stock": 10,
            "isAvailable": True,
            "discount": "10.00",
            "onSale": True,
            "isFavourite": False,
            "addedAt": "2026-03-01T12:00:00.123456+00:00",
            "updatedAt": "2026-03-01T12:00:00.123456+00:00",
            "category": {"name": "Light", "slug": "light", "productCount": 1},
            "seller": {"name": "Ada Seller", "slug": "ada-seller"},
            "price": {"amount": "12.50", "currency": "USD", "minorUnits": 1250, "formatted": "$12.50"},
            "finalPrice": {"amount": "11.25", "currency": "USD", "minorUnits": 1125, "formatted": "$11.25"},
            "image": {
                "id": global_id("Image", "products/a.jpg"),
                "alt": "Alight",
                "url": "/media/products/a.jpg",
                "width": 60,
                "height": 40,
                "placeholder": "data:",
                "thumbnail": "/media/products/a-medium.webp",
                "large": "/media/products/a-xlarge.avif",
            },
            "rating": {"average": 3.5, "count": 2, "histogram": [0, 1, 0, 0, 1]},
        }

    def test_without_picture_rating_or_stock(self, api: GraphQLClient) -> None:
        product = make_product(stock=0)
        found = api.run(self.QUERY, slug=product.slug)["product"]
        assert found["image"] is None
        assert found["rating"] == {"average": None, "count": 0, "histogram": [0] * 5}
        assert (found["isAvailable"], found["onSale"]) == (False, False)

    @pytest.mark.parametrize("slug", ["nothing", "", "' OR 1=1 --", "a" * 10_000])
    def test_that_is_none(self, api: GraphQLClient, slug: str) -> None:
        make_product()
        assert api.run(self.QUERY, slug=slug) == {"product": None}
