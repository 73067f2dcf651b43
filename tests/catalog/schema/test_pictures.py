"""The pictures of products and variants over the API."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.base import File
from django.core.files.storage import default_storage
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from catalog.models import MAX_IMAGES, Product
from tests.conftest import GraphQLClient, global_id
from tests.factories import (
    FILES_OF_A_PICTURE,
    add_pictures,
    make_category,
    make_picture,
    make_product,
    make_seller,
    variant_of,
)

pytestmark = pytest.mark.django_db

PRODUCT = """
fragment Product on Product {
  image { id alt url } images { id alt url } variants { title image { url } }
}
"""
REFUSAL = "fragment Refusal on UserError { code ... on ValidationError { fields { field message } } }"
READ = PRODUCT + "query($slug: String!) { product(slug: $slug) { ...Product } }"
LIST = "{ products { nodes { images { url } variants { image { url } } } } }"
CREATE = (
    PRODUCT
    + REFUSAL
    + "mutation($input: CreateProductInput!) { createProduct(input: $input) { __typename ...Product ...Refusal } }"
)
UPDATE = (
    PRODUCT
    + REFUSAL
    + "mutation($input: UpdateProductInput!) { updateProduct(input: $input) { __typename ...Product ...Refusal } }"
)


@pytest.fixture
def shirt(person: User) -> Product:
    """Red and blue, with the pictures front and red. The red one points at the second."""
    product = make_product(
        user=person, name="Shirt", options=["Colour"], variants=[{"values": ["Red"]}, {"values": ["Blue"]}]
    )
    _, red = add_pictures(product, "front", "red")
    product.variants.filter(option_1="Red").update(image=red)
    return product


def image(stem: str) -> dict[str, str]:
    return {
        "id": global_id("Image", f"products/{stem}.jpg"),
        "alt": f"The {stem}",
        "url": f"/media/products/{stem}.jpg",
    }


def files() -> list[str]:
    return default_storage.listdir("products")[1] if default_storage.exists("products") else []


class TestRead:
    def test_of_a_product_and_its_variants(self, api: GraphQLClient, shirt: Product) -> None:
        product = api.run(READ, slug="shirt")["product"]
        assert product == {
            "image": image("front"),
            "images": [image("front"), image("red")],
            "variants": [
                {"title": "Red", "image": {"url": "/media/products/red.jpg"}},
                {"title": "Blue", "image": {"url": "/media/products/front.jpg"}},
            ],
        }

    def test_of_a_product_without_any(self, api: GraphQLClient) -> None:
        make_product(name="Lamp")
        product = api.run(READ, slug="lamp")["product"]
        assert (product["image"], product["images"], product["variants"][0]["image"]) == (None, [], None)

    def test_list_and_page_show_the_next_after_the_first_is_deleted(
        self, api: GraphQLClient, seller: GraphQLClient, shirt: Product
    ) -> None:
        """The variant that pointed at it shows the next, too."""
        add_pictures(shirt, "back")
        shirt.variants.filter(option_1="Red").update(image=shirt.images.get(image="products/front.jpg"))
        kept = [{"id": image(stem)["id"]} for stem in ("red", "back")]
        seller.run(UPDATE, input={"id": global_id("Product", shirt.pk), "images": kept})
        shown = "{ products { nodes { image { url } variants { image { url } } } } }"
        url = {"url": image("red")["url"]}
        assert api.run(shown)["products"]["nodes"] == [
            {"image": url, "variants": [{"image": url}, {"image": url}]}
        ]
        page = api.run(READ, slug="shirt")["product"]
        assert (page["image"]["url"], page["variants"][0]["image"]) == (url["url"], url)

    def test_take_as_many_statements_for_many_products(self, api: GraphQLClient) -> None:
        def statements() -> int:
            with CaptureQueriesContext(connection) as queries:
                api.run(LIST)
            return len(queries)

        add_pictures(make_product(), "first")
        api.run(LIST)
        few = statements()
        for number in range(5):
            add_pictures(make_product(), *(f"{number}-{place}" for place in range(number)))
        assert statements() == few


class TestCreate:
    def test_with_several(self, seller: GraphQLClient) -> None:
        make_category("Clothes")
        red, blue = make_picture(), make_picture()
        listed = [
            {"optionValues": [name], "price": "10", "stock": 1, "image": None}
            for name in ("Red", "Blue", "Any")
        ]
        given = {
            "category": "clothes",
            "name": "Shirt",
            "description": "Worn.",
            "options": ["Colour"],
            "variants": listed,
            "images": [None, None],
        }
        uploads: dict[str, File[Any]] = {
            "input.images.0": red,
            "input.images.1": make_picture(),
            "input.variants.0.image": red,
            "input.variants.1.image": blue,
        }
        answer = seller.run(CREATE, files=uploads, input=given)["createProduct"]
        first, _, last = (each["url"] for each in answer["images"])
        assert [each["image"]["url"] for each in answer["variants"]] == [first, last, first]
        assert answer["image"]["url"] == first
        assert len(files()) == 3 * FILES_OF_A_PICTURE

    def test_with_too_many(self, seller: GraphQLClient) -> None:
        make_category("Clothes")
        given = {"category": "clothes", "name": "Shirt", "description": "Worn.", "price": "1", "stock": 1}
        uploads: dict[str, File[Any]] = {
            f"input.images.{place}": make_picture() for place in range(MAX_IMAGES + 1)
        }
        answer = seller.run(CREATE, files=uploads, input=given | {"images": [None] * len(uploads)})
        assert answer["createProduct"]["fields"] == [
            {"field": "images", "message": "A product can have at most 20 pictures."}
        ]
        assert not Product.objects.exists()
        assert files() == []


class TestUpdate:
    @staticmethod
    def update(browser: GraphQLClient, product: Product, uploads: Any = None, **changes: Any) -> Any:
        given = {"id": global_id("Product", product.pk), **changes}
        return browser.run(UPDATE, files=uploads, input=given)["updateProduct"]

    def test_reorders_describes_and_removes(self, seller: GraphQLClient, shirt: Product) -> None:
        red, front = image("red"), image("front")
        listed = [{"id": red["id"], "alt": "Red"}, {"id": front["id"], "alt": None}]
        answer = self.update(seller, shirt, images=listed)
        assert answer["images"] == [red | {"alt": "Red"}, front | {"alt": ""}]
        assert answer["image"] == answer["images"][0]
        answer = self.update(seller, shirt, images=[{"id": front["id"]}])
        assert answer["images"] == [front | {"alt": ""}]
        assert [each["image"]["url"] for each in answer["variants"]] == [front["url"]] * 2

    def test_adds(self, seller: GraphQLClient, shirt: Product) -> None:
        listed = [{"upload": None, "alt": "New"}, {"id": image("front")["id"]}]
        answer = self.update(seller, shirt, {"input.images.0.upload": make_picture()}, images=listed)
        assert [each["alt"] for each in answer["images"]] == ["New", "The front"]

    def test_points_a_variant_at_a_picture(self, seller: GraphQLClient, shirt: Product) -> None:
        listed = [
            {
                "id": global_id("ProductVariant", variant_of(shirt, colour).pk),
                "optionValues": [colour],
                "price": "10",
                "stock": 1,
                **pointing,
            }
            for colour, pointing in (("Red", {"imageId": None}), ("Blue", {"imageId": image("red")["id"]}))
        ]
        answer = self.update(seller, shirt, variants=listed)
        assert [each["image"]["url"] for each in answer["variants"]] == [
            image("front")["url"],
            image("red")["url"],
        ]

    def test_null_is_refused(self, seller: GraphQLClient, shirt: Product) -> None:
        assert [error["field"] for error in self.update(seller, shirt, images=None)["fields"]] == ["images"]
        assert shirt.images.count() == 2

    @pytest.mark.parametrize("id", [global_id("Product", 1), "nothing"])
    def test_an_id_of_something_else(self, seller: GraphQLClient, shirt: Product, id: str) -> None:
        given = {"id": global_id("Product", shirt.pk), "images": [{"id": id}]}
        assert seller.expect_refusal(UPDATE, input=given) == "BAD_USER_INPUT"
        assert shirt.images.count() == 2

    def test_another_seller_s_product(
        self, shirt: Product, signed_in: Callable[[User], GraphQLClient]
    ) -> None:
        other = make_seller()
        answer = self.update(
            signed_in(other), shirt, {"input.images.0.upload": make_picture()}, images=[{"upload": None}]
        )
        assert answer["code"] == "NOT_FOUND"
        assert shirt.images.count() == 2
        assert files() == []


def test_node_does_not_answer_with_pictures(api: GraphQLClient, shirt: Product) -> None:
    query = "query($id: ID!) { node(id: $id) { id } }"
    assert api.expect_refusal(query, id=image("front")["id"]) == "BAD_USER_INPUT"
