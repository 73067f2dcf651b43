"""Products that are not published, over the API: nobody but their seller and the staff comes across them."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from catalog.models import Favourite, Product
from catalog.previews import preview_url
from orders.models import CartItem, Order
from reviews.models import Comment
from tests.conftest import GraphQLClient, global_id
from tests.factories import (
    add_pictures,
    make_category,
    make_comment,
    make_product,
    make_seller,
    make_staff,
    make_user,
)
from tests.orders.conftest import ADDRESS, CHECKOUT, add_to_cart

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)
# A draft, and a product whose time has not come.
HIDDEN = pytest.mark.parametrize("ahead", [None, HOUR], ids=["draft", "to come"])
SLUGS = "{ products(sort: %s) { totalCount nodes { slug } } }"
CART = """
{ cart { totalQuantity total { amount } items { id } changes { __typename ... on ProductRemoved { name productId } } } }
"""


def hide(product: Product, ahead: timedelta | None) -> None:
    moment = None if ahead is None else timezone.now() + ahead
    product.publish(moment)
    product.save()


def make_hidden(ahead: timedelta | None, **fields: Any) -> Product:
    product = make_product(**fields)
    hide(product, ahead)
    return product


@HIDDEN
class TestUnpublished:
    @pytest.mark.parametrize(
        "sort",
        ["NEWEST", "PRICE_ASC", "PRICE_DESC", "NAME_ASC", "DISCOUNT_DESC", "BEST_SELLING", "TOP_RATED"],
    )
    def test_are_in_no_list(self, api: GraphQLClient, ahead: timedelta | None, sort: str) -> None:
        shown = make_product()
        make_hidden(ahead, category=shown.category)
        one = {"totalCount": 1, "nodes": [{"slug": shown.slug}]}
        assert api.run(SLUGS % sort) == {"products": one}
        slug = shown.category.slug
        nested = (
            f'{{ category(slug: "{slug}") {{ products(sort: {sort}) {{ totalCount nodes {{ slug }} }} }} }}'
        )
        assert api.run(nested) == {"category": {"products": one}}

    @pytest.mark.parametrize(
        "filter",
        [
            *('minPrice: "1"', "inStock: true", "onSale: false", "minRating: 0"),
            'addedAfter: "2000-01-01T00:00:00Z"',
        ],
    )
    def test_pass_no_filter(self, api: GraphQLClient, ahead: timedelta | None, filter: str) -> None:
        make_hidden(ahead)
        found = api.run(f"{{ products(filter: {{{filter}}}) {{ totalCount nodes {{ slug }} }} }}")
        assert found == {"products": {"totalCount": 0, "nodes": []}}

    def test_are_not_counted(self, api: GraphQLClient, ahead: timedelta | None) -> None:
        shown = make_product(price="10", discount="10")
        make_hidden(ahead, category=shown.category, price="1")
        make_hidden(ahead, category=shown.category, price="99", discount="5", stock=1)
        make_hidden(ahead)  # in a category of its own
        facets = "facets { categories { count } minPrice { amount } maxPrice { amount } inStock onSale }"
        counted = {
            "categories": [{"count": 1}],
            "minPrice": {"amount": "9.00"},
            "maxPrice": {"amount": "9.00"},
            "inStock": 1,
            "onSale": 1,
        }
        for filter in ("{}", "{minRating: 0}", f'{{categories: ["{shown.category.slug}"]}}'):
            assert (
                api.run(f"{{ products(filter: {filter}) {{ {facets} }} }}")["products"]["facets"] == counted
            )
        counts = [
            category["productCount"] for category in api.run("{ categories { productCount } }")["categories"]
        ]
        assert sorted(counts) == [0, 1]

    def test_are_not_found(self, api: GraphQLClient, ahead: timedelta | None) -> None:
        make_product(name="Plain lamp")
        make_hidden(ahead, name="Quokka lamp")
        search = """
            query($term: String!) { search(term: $term) {
                __typename
                ... on ProductConnection { totalCount nodes { name } facets { inStock } }
                ... on NoProductMatches { suggestions }
            } }
        """
        assert api.run(search, term="lamp")["search"] == {
            "__typename": "ProductConnection",
            "totalCount": 1,
            "nodes": [{"name": "Plain lamp"}],
            "facets": {"inStock": 1},
        }
        for term in ("quokka", "quoka"):
            found = api.run(search, term=term)["search"]
            assert found["__typename"] == "NoProductMatches"
            assert "Quokka" not in found["suggestions"]
        assert api.run('{ searchSuggestions(prefix: "quo") }') == {"searchSuggestions": []}
        assert api.run('{ searchSuggestions(prefix: "la") }') == {"searchSuggestions": ["lamp"]}

    def test_have_neither_page_nor_node(self, api: GraphQLClient, ahead: timedelta | None) -> None:
        hidden = make_hidden(ahead)
        assert api.run(f'{{ product(slug: "{hidden.slug}") {{ id }} }}') == {"product": None}
        for type_, key in (("Product", hidden.pk), ("ProductVariant", hidden.variants.get().pk)):
            assert api.run(f'{{ node(id: "{global_id(type_, key)}") {{ id }} }}') == {"node": None}

    def test_are_not_in_the_sitemap(self, api: GraphQLClient, ahead: timedelta | None) -> None:
        make_hidden(ahead)
        assert api.run("{ sitemap { totalCount nodes { slug } } }") == {
            "sitemap": {"totalCount": 0, "nodes": []}
        }

    def test_are_not_related(self, api: GraphQLClient, ahead: timedelta | None) -> None:
        shown = make_product(name="Desk lamp")
        make_hidden(ahead, name="Oak desk lamp", category=shown.category)
        make_hidden(ahead, name="Blanket")
        found = api.run(f'{{ product(slug: "{shown.slug}") {{ related {{ slug }} }} }}')
        assert found == {"product": {"related": []}}

    def test_cannot_be_put_into_a_cart(self, api: GraphQLClient, ahead: timedelta | None) -> None:
        hidden = make_hidden(ahead)
        assert add_to_cart(api, hidden)["code"] == "NOT_FOUND"
        add = "mutation($id: ID!) { addToCart(input: {variantId: $id}) { ... on UserError { code } } }"
        refused = api.run(add, id=global_id("ProductVariant", hidden.variants.get().pk))
        assert refused == {"addToCart": {"code": "NOT_FOUND"}}
        assert not CartItem.objects.exists()

    def test_are_a_change_of_the_cart_and_stop_the_checkout(
        self, api: GraphQLClient, ahead: timedelta | None
    ) -> None:
        kept, hidden = make_product(price="5.00"), make_product(name="Lamp", stock=3)
        add_to_cart(api, kept)
        add_to_cart(api, hidden, 3)
        hide(hidden, ahead)
        cart = api.run(CART)["cart"]
        assert (cart["totalQuantity"], cart["total"], len(cart["items"])) == (1, {"amount": "5.00"}, 1)
        id = global_id("Product", hidden.pk)
        assert cart["changes"] == [{"__typename": "ProductRemoved", "name": "Lamp", "productId": id}]
        for stock in (3, 1):  # too few are left, too
            Product.objects.filter(pk=hidden.pk).update(stock=stock)
            hidden.variants.update(stock=stock)
            input = {"shipping": ADDRESS, "idempotencyKey": str(uuid4())}
            answer = api.run(CHECKOUT, input=input)["checkout"]
            assert (answer["__typename"], answer["name"]) == ("ProductUnavailable", "Lamp")
        assert not Order.objects.exists()
        assert (CartItem.objects.count(), hidden.variants.get().stock) == (2, 1)
        update = (
            "mutation($i: UpdateCartItemInput!) { updateCartItem(input: $i) { ... on UserError { code } } }"
        )
        refused = api.run(update, i={"productId": id, "quantity": 2})
        assert refused == {"updateCartItem": {"code": "PRODUCT_UNAVAILABLE"}}
        api.run(
            "mutation($i: RemoveFromCartInput!) { removeFromCart(input: $i) { __typename } }",
            i={"productId": id},
        )
        assert api.run(CART)["cart"]["changes"] == []

    def test_come_back_to_the_cart(self, api: GraphQLClient, ahead: timedelta | None) -> None:
        product = make_product()
        add_to_cart(api, product)
        hide(product, ahead)
        assert api.run(CART)["cart"]["items"] == []
        hide(product, -HOUR)
        assert len(api.run(CART)["cart"]["items"]) == 1
        assert api.run(CART)["cart"]["changes"] == []

    def test_are_no_favourites(
        self, signed_in: Callable[[User], GraphQLClient], ahead: timedelta | None
    ) -> None:
        user, product = make_user(), make_product()
        browser = signed_in(user)
        mutation = 'mutation { %s(input: {productId: "%s"}) { __typename } }'
        id = global_id("Product", product.pk)
        browser.run(mutation % ("addFavourite", id))
        hide(product, ahead)
        found = browser.run("{ me { favourites { totalCount nodes { id } facets { inStock } } } }")["me"][
            "favourites"
        ]
        assert found == {"totalCount": 0, "nodes": [], "facets": {"inStock": 0}}
        for name in ("addFavourite", "removeFavourite"):
            assert browser.run(mutation % (name, id)) == {name: {"__typename": "NotFound"}}
        assert Favourite.objects.count() == 1

    def test_have_no_comments(
        self, signed_in: Callable[[User], GraphQLClient], ahead: timedelta | None
    ) -> None:
        user, product = make_user(email_verified=True), make_product()
        comment = make_comment(user=user, product=product, rating=5)
        hide(product, ahead)
        before = list(Comment.objects.values())
        browser = signed_in(user)
        node = f'{{ node(id: "{global_id("Comment", comment.pk)}") {{ id }} }}'
        assert browser.run(node) == {"node": None}
        for name, input in (
            ("createComment", f'productId: "{global_id("Product", product.pk)}", body: "Hello"'),
            ("updateComment", f'id: "{global_id("Comment", comment.pk)}", body: "Hello"'),
            ("reportComment", f'id: "{global_id("Comment", comment.pk)}", reason: "Spam"'),
        ):
            answer = browser.run(f"mutation {{ {name}(input: {{{input}}}) {{ __typename }} }}")
            assert answer == {name: {"__typename": "NotFound"}}
        assert list(Comment.objects.values()) == before

    def test_keep_their_name_in_orders_without_a_link(
        self, api: GraphQLClient, ahead: timedelta | None
    ) -> None:
        product = make_product(name="Lamp")
        add_to_cart(api, product)
        input = {"shipping": ADDRESS, "idempotencyKey": str(uuid4())}
        uuid = api.run(CHECKOUT, input=input)["checkout"]["uuid"]
        query = (
            "query($uuid: UUID!) { order(uuid: $uuid) { items { name product { slug } variant { id } } } }"
        )
        [item] = api.run(query, uuid=uuid)["order"]["items"]
        assert (item["product"], item["variant"] is None) == ({"slug": "lamp"}, False)
        hide(product, ahead)
        assert api.run(query, uuid=uuid)["order"]["items"] == [
            {"name": "Lamp", "product": None, "variant": None}
        ]

    def test_are_seen_by_their_seller_and_the_staff(
        self, signed_in: Callable[[User], GraphQLClient], ahead: timedelta | None
    ) -> None:
        seller = make_seller()
        hidden = make_hidden(ahead, user=seller)
        query = """
            query($slug: String!, $id: ID!) {
              product(slug: $slug) { isPublished variants { id } }
              node(id: $id) { ... on Product { isPublished } }
              unpublishedProducts { nodes { slug } }
              products { nodes { slug } }
            }
        """
        for person in (seller, make_staff()):
            found = signed_in(person).run(query, slug=hidden.slug, id=global_id("Product", hidden.pk))
            assert found["product"]["isPublished"] is found["node"]["isPublished"] is False
            assert found["unpublishedProducts"] == {"nodes": [{"slug": hidden.slug}]}
            assert found["products"] == {"nodes": []}
        other = signed_in(make_seller()).run(query, slug=hidden.slug, id=global_id("Product", hidden.pk))
        assert (other["product"], other["node"], other["unpublishedProducts"]) == (None, None, {"nodes": []})


class TestWriting:
    INPUT = '{category: "lamps", name: "Lamp", description: "It shines.", price: "5", stock: 1%s}'
    CREATE = "mutation { createProduct(input: %s) { __typename ... on Product { id isPublished addedAt } } }"
    UPDATE = (
        "mutation($id: ID!, $yes: Boolean) { updateProduct(input: {id: $id, isPublished: $yes}) "
        "{ __typename ... on Product { isPublished } } }"
    )

    def test_publishes_by_default(self, signed_in: Callable[[User], GraphQLClient]) -> None:
        make_category("Lamps")
        made = signed_in(make_seller()).run(self.CREATE % self.INPUT % "")["createProduct"]
        assert made["isPublished"] is True
        product = Product.objects.get()
        assert product.published_at == product.added_at

    def test_drafts_and_publishes_them_as_the_newest(
        self, signed_in: Callable[[User], GraphQLClient]
    ) -> None:
        make_category("Lamps")
        seller = signed_in(make_seller())
        draft = seller.run(self.CREATE % self.INPUT % ", isPublished: false")["createProduct"]
        assert draft["isPublished"] is False
        later = make_product()
        for yes in (True, False, False, True, True):
            answer = seller.run(self.UPDATE, id=draft["id"], yes=yes)["updateProduct"]
            assert answer == {"__typename": "Product", "isPublished": yes}
        [first, second] = seller.run(SLUGS % "NEWEST")["products"]["nodes"]
        assert (first["slug"], second["slug"]) == ("lamp", later.slug)

    def test_publishing_again_does_not_move_it(self, signed_in: Callable[[User], GraphQLClient]) -> None:
        seller = make_seller()
        product = make_product(user=seller, added_at=datetime(2026, 1, 1, tzinfo=UTC))
        signed_in(seller).run(self.UPDATE, id=global_id("Product", product.pk), yes=True)
        product.refresh_from_db()
        assert product.added_at == product.published_at == datetime(2026, 1, 1, tzinfo=UTC)

    def test_of_others_products_is_refused(self, signed_in: Callable[[User], GraphQLClient]) -> None:
        product = make_product()
        before = Product.objects.values().get()
        answer = signed_in(make_seller()).run(self.UPDATE, id=global_id("Product", product.pk), yes=False)
        assert answer == {"updateProduct": {"__typename": "NotFound"}}
        assert Product.objects.values().get() == before

    def test_null_is_refused(self, signed_in: Callable[[User], GraphQLClient]) -> None:
        seller = make_seller()
        product = make_product(user=seller)
        answer = signed_in(seller).run(self.UPDATE, id=global_id("Product", product.pk), yes=None)
        assert answer["updateProduct"]["__typename"] == "ValidationError"


class TestTheMoment:
    def test_comes_without_a_save(self, api: GraphQLClient, monkeypatch: pytest.MonkeyPatch) -> None:
        """Every answer follows the clock, although its SQL is kept."""
        hidden = make_hidden(HOUR, name="Lamp")
        Comment.objects.all().delete()
        queries = [
            SLUGS % "NEWEST",
            SLUGS % "PRICE_ASC",
            f'{{ product(slug: "{hidden.slug}") {{ isPublished }} }}',
            "{ categories { productCount } }",
            "{ sitemap { nodes { slug } } }",
        ]
        hides = [api.run(query) for query in queries for _ in range(2)][::2]
        later = timezone.now() + HOUR
        monkeypatch.setattr(timezone, "now", lambda: later)
        shows = [api.run(query) for query in queries]
        assert all(one != other for one, other in zip(hides, shows, strict=True))
        assert shows[2] == {"product": {"isPublished": True}}
        assert add_to_cart(api, hidden)["totalQuantity"] == 1


class TestPreview:
    QUERY = (
        "query($slug: String!, $token: String) { product(slug: $slug, preview: $token) { name isPublished } }"
    )

    @staticmethod
    def token(product: Product) -> str:
        [token] = parse_qs(urlsplit(preview_url(product)).query)["preview"]
        return token

    @HIDDEN
    def test_shows_the_page(self, api: GraphQLClient, ahead: timedelta | None) -> None:
        hidden = make_hidden(ahead, name="Lamp")
        found = api.run(self.QUERY, slug="lamp", token=self.token(hidden))
        assert found == {"product": {"name": "Lamp", "isPublished": False}}
        assert api.run(self.QUERY, slug="lamp", token=None) == {"product": None}

    def test_shows_pictures_and_variants(self, api: GraphQLClient) -> None:
        product = make_product(
            name="Lamp", published_at=None, options=["Size"], variants=[{"values": "S"}, {"values": "M"}]
        )
        add_pictures(product, "front", "back")
        query = """
            query($token: String) { product(slug: "lamp", preview: $token) {
              image { url } images { url alt } variants { title image { url } }
            } }
        """
        front, back = ({"url": f"/media/products/{stem}.jpg"} for stem in ("front", "back"))
        assert api.run(query, token=self.token(product))["product"] == {
            "image": front,
            "images": [{**front, "alt": "The front"}, {**back, "alt": "The back"}],
            "variants": [{"title": "S", "image": front}, {"title": "M", "image": front}],
        }

    def test_shows_no_other_page(self, api: GraphQLClient) -> None:
        make_product(name="Lamp", published_at=None)
        other = make_product(published_at=None)
        assert api.run(self.QUERY, slug="lamp", token=self.token(other)) == {"product": None}

    def test_that_is_forged_shows_not_even_the_published_page(self, api: GraphQLClient) -> None:
        product = make_product(name="Lamp")
        token = self.token(product)
        other = self.token(make_product())
        forged = [*("", "x", str(product.pk), token[:-1], token + "x", token.upper())]
        forged.append(f"{product.pk}:{other.partition(':')[2]}")
        for each in forged:
            assert api.expect_refusal(self.QUERY, slug="lamp", token=each) == "BAD_USER_INPUT"

    def test_that_has_expired_shows_not_even_the_published_page(
        self, api: GraphQLClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        token = self.token(make_product(name="Lamp"))
        later = time.time() + timedelta(days=7, minutes=1).total_seconds()
        monkeypatch.setattr("django.core.signing.time", SimpleNamespace(time=lambda: later))
        assert api.expect_refusal(self.QUERY, slug="lamp", token=token) == "BAD_USER_INPUT"

    def test_of_a_deleted_product_shows_nothing(self, api: GraphQLClient) -> None:
        product = make_product(name="Lamp", published_at=None)
        token = self.token(product)
        product.delete()
        assert api.run(self.QUERY, slug="lamp", token=token) == {"product": None}


class TestUnpublishedProducts:
    QUERY = """
        query($after: String) {
          unpublishedProducts(first: 2, after: $after) { totalCount nodes { name } pageInfo { endCursor } }
        }
    """

    def test_are_paged_latest_first(self, signed_in: Callable[[User], GraphQLClient]) -> None:
        seller = make_seller()
        now = timezone.now()
        for name, added_at in (("old", now - 9 * HOUR), ("new", now - HOUR)):
            make_product(name=name, user=seller, published_at=None, added_at=added_at)
        make_product(name="to come", user=seller, published_at=now + HOUR)
        make_product(name="published", user=seller)
        make_product(name="another's", published_at=None)
        browser = signed_in(seller)
        page = browser.run(self.QUERY, after=None)["unpublishedProducts"]
        assert (page["totalCount"], [node["name"] for node in page["nodes"]]) == (3, ["to come", "new"])
        rest = browser.run(self.QUERY, after=page["pageInfo"]["endCursor"])["unpublishedProducts"]
        assert [node["name"] for node in rest["nodes"]] == ["old"]

    def test_are_null_for_guests_and_empty_for_shoppers(
        self, api: GraphQLClient, signed_in: Callable[[User], GraphQLClient]
    ) -> None:
        make_product(published_at=None)
        assert api.run("{ unpublishedProducts { totalCount } }") == {"unpublishedProducts": None}
        found = signed_in(make_user()).run("{ unpublishedProducts { totalCount } }")
        assert found == {"unpublishedProducts": {"totalCount": 0}}

    def test_few_and_many_take_the_same_number_of_statements(
        self, signed_in: Callable[[User], GraphQLClient]
    ) -> None:
        seller = make_seller()
        browser = signed_in(seller)

        def statements() -> int:
            with CaptureQueriesContext(connection) as queries:
                browser.run("{ unpublishedProducts { nodes { name category { name } variants { id } } } }")
            return len(queries)

        make_product(user=seller, published_at=None)
        few = statements()
        for _ in range(9):
            make_product(user=seller, published_at=None)
        assert statements() == few
