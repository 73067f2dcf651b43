"""Selling and favourites over the API: inputs, answers and rights."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalog.models import Favourite, Product, StockMovement
from catalog.types import UpdateProductInput
from core.errors import camel_case
from tests.conftest import GraphQLClient, global_id
from tests.factories import make_category, make_picture, make_product, make_seller, make_staff, make_user

pytestmark = pytest.mark.django_db

PRODUCT = """
fragment Answer on UserError { code message }
fragment Product on Product {
  id name slug description stock discount isFavourite
  price { amount } finalPrice { amount }
  category { name } seller { name } image { url width height } rating { count }
}
"""
CREATE = (
    PRODUCT
    + """
mutation($input: CreateProductInput!) {
  createProduct(input: $input) {
    __typename ...Product ...Answer ... on ValidationError { fields { field message } }
  }
}
"""
)
UPDATE = (
    PRODUCT
    + """
mutation($input: UpdateProductInput!) {
  updateProduct(input: $input) {
    __typename ...Product ...Answer ... on ValidationError { fields { field message } }
  }
}
"""
)
DELETE = """
mutation($input: DeleteProductInput!) {
  deleteProduct(input: $input) {
    __typename
    ... on Deleted { id product { id } }
    ... on UserError { code message }
  }
}
"""
ADD_FAVOURITE = (
    PRODUCT
    + """
mutation($input: FavouriteInput!) { addFavourite(input: $input) { __typename ...Product ...Answer } }
"""
)
REMOVE_FAVOURITE = ADD_FAVOURITE.replace("addFavourite", "removeFavourite")

NOT_FOUND = {"__typename": "NotFound", "code": "NOT_FOUND", "message": "No such product."}


def lamp(**changed: Any) -> dict[str, Any]:
    given = {
        "category": "light",
        "name": "Oak lamp",
        "description": "It shines.",
        "price": "12.50",
        "stock": 5,
    }
    return given | changed


@pytest.fixture
def seller(signed_in: Callable[..., GraphQLClient]) -> GraphQLClient:
    return signed_in(make_seller(first_name="Ada", last_name="Seller"))


class TestCreateProduct:
    def test_answers_with_the_product(self, seller: GraphQLClient) -> None:
        make_category("Light")
        answer = seller.run(CREATE, input=lamp(discount="10"))["createProduct"]
        product = Product.objects.get()
        assert answer == {
            "__typename": "Product",
            "id": global_id("Product", product.pk),
            "name": "Oak lamp",
            "slug": "oak-lamp",
            "description": "It shines.",
            "stock": 5,
            "discount": "10.00",
            "isFavourite": False,
            "price": {"amount": "12.50"},
            "finalPrice": {"amount": "11.25"},
            "category": {"name": "Light"},
            "seller": {"name": "Ada Seller"},
            "image": None,
            "rating": {"count": 0},
        }

    def test_takes_a_picture(self, seller: GraphQLClient) -> None:
        make_category("Light")
        given = lamp(image=None)
        answer = seller.run(CREATE, files={"input.image": make_picture()}, input=given)["createProduct"]
        assert (answer["image"]["width"], answer["image"]["height"]) == (60, 40)
        assert answer["image"]["url"].startswith("/media/products/")

    @pytest.mark.parametrize(
        ("changed", "fields"),
        [
            ({"category": "nowhere"}, {"category"}),
            ({"name": ""}, {"name"}),
            ({"price": "-1"}, {"price"}),
            ({"price": "1.999"}, {"price"}),
            ({"price": 1.999}, {"price"}),
            ({"price": "1000000"}, {"price"}),
            ({"discount": "101"}, {"discount"}),
            ({"stock": -1}, {"stock"}),
            ({"stock": 2_000_000_000}, {"stock"}),
            ({"name": " ", "description": "", "stock": -1}, {"name", "description", "stock"}),
        ],
    )
    def test_names_the_fields(self, seller: GraphQLClient, changed: dict[str, Any], fields: set[str]) -> None:
        make_category("Light")
        answer = seller.run(CREATE, input=lamp(**changed))["createProduct"]
        assert (answer["__typename"], answer["code"]) == ("ValidationError", "INVALID")
        assert {field["field"] for field in answer["fields"]} == fields
        assert not Product.objects.exists()

    def test_refuses_what_is_no_picture(self, seller: GraphQLClient) -> None:
        make_category("Light")
        upload = SimpleUploadedFile("a.png", b"no picture")
        answer = seller.run(CREATE, files={"input.image": upload}, input=lamp(image=None))["createProduct"]
        assert [field["field"] for field in answer["fields"]] == ["image"]

    @pytest.mark.parametrize(
        "changed",
        [
            {"stock": 2**31},
            {"stock": 1.5},
            {"price": "many"},
            {"price": "1e3"},
            {"name": None},
            {"name": 1},
            {"image": "not an upload"},
            {"image": {"size": 1}},
            {"unknown": 1},
        ],
    )
    def test_values_of_another_kind(self, seller: GraphQLClient, changed: dict[str, Any]) -> None:
        make_category("Light")
        assert seller.expect_refusal(CREATE, input=lamp(**changed)) == "BAD_USER_INPUT"
        assert not Product.objects.exists()


class TestUpdateProduct:
    @pytest.fixture
    def product(self, signed_in: Callable[..., GraphQLClient]) -> Product:
        self.user = make_seller()
        self.browser = signed_in(self.user)
        return make_product(name="Oak lamp", user=self.user)

    def update(self, product: Product, **changes: Any) -> dict[str, Any]:
        given = {"id": global_id("Product", product.pk), **changes}
        answer: dict[str, Any] = self.browser.run(UPDATE, input=given)["updateProduct"]
        return answer

    def test_changes_only_what_is_given(self, product: Product) -> None:
        answer = self.update(product, price="8", stock=3)
        assert (answer["__typename"], answer["name"], answer["slug"]) == ("Product", "Oak lamp", "oak-lamp")
        assert (answer["price"]["amount"], answer["finalPrice"]["amount"], answer["stock"]) == (
            "8.00",
            "8.00",
            3,
        )
        assert list(StockMovement.objects.values_list("delta", flat=True)) == [-7, 10]

    def test_of_nothing_changes_nothing_but_the_time(self, product: Product) -> None:
        assert self.update(product)["name"] == "Oak lamp"
        assert Product.objects.get().updated_at > product.updated_at

    @pytest.mark.parametrize("field", sorted(UpdateProductInput.__annotations__.keys() - {"id", "image"}))
    def test_null_is_refused(self, product: Product, field: str) -> None:
        answer = self.update(product, **{camel_case(field): None})
        assert answer["__typename"] == "ValidationError"
        assert [error["field"] for error in answer["fields"]] == [camel_case(field)]

    def test_picture_is_set_replaced_and_taken_away(self, product: Product) -> None:
        given = {"id": global_id("Product", product.pk), "image": None}
        addresses = set()
        for _ in range(2):
            answer = self.browser.run(UPDATE, files={"input.image": make_picture()}, input=given)[
                "updateProduct"
            ]
            addresses.add(answer["image"]["url"])
        assert len(addresses) == 2
        assert self.update(product, image=None)["image"] is None


class TestDeleteProduct:
    def test_answers_with_the_id(self, signed_in: Callable[..., GraphQLClient]) -> None:
        user = make_seller()
        key = global_id("Product", make_product(user=user).pk)
        browser = signed_in(user)
        assert browser.run(DELETE, input={"id": key}) == {
            "deleteProduct": {"__typename": "Deleted", "id": key, "product": None}
        }
        assert not Product.objects.exists()
        assert browser.run(DELETE, input={"id": key}) == {"deleteProduct": NOT_FOUND}


class TestWhoMaySell:
    """The answer to each refusal. The services' own tests have the whole table."""

    @pytest.mark.parametrize(
        ("make_person", "code"), [(None, "UNAUTHENTICATED"), (make_user, "FORBIDDEN"), (make_seller, None)]
    )
    def test_refusals(
        self, api: GraphQLClient, signed_in: Callable[..., GraphQLClient], make_person: Any, code: str | None
    ) -> None:
        make_category("Light")
        browser = signed_in(make_person()) if make_person else api
        product = make_product(name="Another's")
        key = global_id("Product", product.pk)
        if code:
            assert browser.expect_refusal(CREATE, input=lamp()) == code
            assert browser.expect_refusal(UPDATE, input={"id": key, "name": "Mine"}) == code
            assert browser.expect_refusal(DELETE, input={"id": key}) == code
        else:
            assert browser.run(UPDATE, input={"id": key, "name": "Mine"}) == {"updateProduct": NOT_FOUND}
            assert browser.run(DELETE, input={"id": key}) == {"deleteProduct": NOT_FOUND}
        assert [found.name for found in Product.objects.all()] == ["Another's"]

    def test_staff_change_any(self, signed_in: Callable[..., GraphQLClient]) -> None:
        key = global_id("Product", make_product(user=make_seller()).pk)
        answer = signed_in(make_staff()).run(UPDATE, input={"id": key, "name": "Checked"})["updateProduct"]
        assert answer["name"] == "Checked"


class TestFavourites:
    def test_answer_with_the_product_as_it_is_then(self, signed_in: Callable[..., GraphQLClient]) -> None:
        browser, key = signed_in(make_user()), global_id("Product", make_product().pk)
        for _ in range(2):
            assert browser.run(ADD_FAVOURITE, input={"productId": key})["addFavourite"]["isFavourite"] is True
        for _ in range(2):
            answer = browser.run(REMOVE_FAVOURITE, input={"productId": key})["removeFavourite"]
            assert answer["isFavourite"] is False
        assert not Favourite.objects.exists()

    def test_need_someone_signed_in(self, api: GraphQLClient) -> None:
        key = global_id("Product", make_product().pk)
        assert api.expect_refusal(ADD_FAVOURITE, input={"productId": key}) == "UNAUTHENTICATED"
        assert api.expect_refusal(REMOVE_FAVOURITE, input={"productId": key}) == "UNAUTHENTICATED"

    def test_of_nothing(self, signed_in: Callable[..., GraphQLClient]) -> None:
        browser, key = signed_in(make_user()), global_id("Product", 1)
        assert browser.run(ADD_FAVOURITE, input={"productId": key}) == {"addFavourite": NOT_FOUND}
        assert browser.run(REMOVE_FAVOURITE, input={"productId": key}) == {"removeFavourite": NOT_FOUND}


class TestIds:
    @pytest.mark.parametrize("document", [UPDATE, DELETE, ADD_FAVOURITE, REMOVE_FAVOURITE])
    @pytest.mark.parametrize(
        "id",
        [
            "",
            "x",
            "1",
            "🙂",
            global_id("Category", 1),
            global_id("Nothing", 1),
            global_id("Product", ""),
            global_id("Product", "one"),
            global_id("Product", "-1"),
            global_id("Product", "१"),
            global_id("Product", "1 OR 1=1"),
            global_id("Product", 2**63),
            global_id("Product", "9" * 5000),
        ],
    )
    def test_that_are_none(self, signed_in: Callable[..., GraphQLClient], document: str, id: str) -> None:
        name = "productId" if "Favourite(" in document else "id"
        assert signed_in(make_seller()).expect_refusal(document, input={name: id}) == "BAD_USER_INPUT"


class TestStatements:
    def test_are_as_many_for_many_products(self, signed_in: Callable[..., GraphQLClient]) -> None:
        user = make_seller()
        browser = signed_in(user)
        category = make_category("Light")

        def statements() -> list[int]:
            key = global_id("Product", make_product(user=user, category=category).pk)
            counts = []
            for document, given in (
                (CREATE, lamp(name=f"Lamp {key}")),
                (UPDATE, {"id": key, "name": "Elm lamp", "stock": 3}),
                (ADD_FAVOURITE, {"productId": key}),
                (REMOVE_FAVOURITE, {"productId": key}),
                (DELETE, {"id": key}),
            ):
                with CaptureQueriesContext(connection) as captured:
                    browser.run(document, input=given)
                counts.append(len(captured))
            return counts

        few = statements()
        for _ in range(27):
            make_product(user=user, category=category)
        assert statements() == few
