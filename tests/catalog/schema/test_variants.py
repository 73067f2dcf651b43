"""Variants over the API: reading them in one statement, and the list that a seller sends."""

from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from catalog.models import Product, ProductVariant
from tests.conftest import GraphQLClient, global_id
from tests.factories import make_category, make_product, make_products, set_stock, variant_of

pytestmark = pytest.mark.django_db

VARIANT = """
fragment Variant on ProductVariant {
  id sku title selectedOptions { name value } price { amount } discount finalPrice { amount } onSale stock isAvailable
  image { url } product { slug }
}
"""
WHOLE = (
    VARIANT
    + """
fragment Product on Product {
  slug stock price { amount } finalPrice { amount } options { name values } variants { ...Variant }
  priceRange { min { amount } max { amount } }
}
"""
)
REFUSAL = """
fragment Refusal on UserError { code message ... on ValidationError { fields { field message } } }
"""
PRODUCT = WHOLE + "query($slug: String!) { product(slug: $slug) { ...Product } }"
LIST = WHOLE + "{ products { nodes { ...Product } } }"
NODE = VARIANT + "query($id: ID!) { node(id: $id) { ...Variant } }"
CREATE = (
    WHOLE
    + REFUSAL
    + "mutation($input: CreateProductInput!) { createProduct(input: $input) { __typename ...Product ...Refusal } }"
)
UPDATE = (
    WHOLE
    + REFUSAL
    + "mutation($input: UpdateProductInput!) { updateProduct(input: $input) { __typename ...Product ...Refusal } }"
)


@pytest.fixture
def shirt(person: User) -> Product:
    return make_shirt(
        user=person, category=make_category("Clothes"), name="Shirt", image="products/shirt.jpg", sku="S-RED"
    )


def make_shirt(*, sku: str = "", **fields: Any) -> Product:
    return make_product(
        options=["Size", "Colour"],
        variants=[
            {"values": ["S", "Red"], "sku": sku, "stock": 0},
            {"values": ["S", "Blue"], "price": Decimal(20), "discount": Decimal(25), "stock": 2},
            {"values": ["M", "Red"], "price": Decimal(30), "stock": 3},
        ],
        **fields,
    )


def as_input(**changed: Any) -> dict[str, Any]:
    variants = [
        {"optionValues": ["S"], "price": "10", "stock": 1, "sku": "TEE-S"},
        {"optionValues": ["M"], "price": "12", "stock": 2, "discount": "50", "weightGrams": 180},
    ]
    product = {"category": "clothes", "name": "Tee", "description": "It is worn."}
    return {**product, "options": ["Size"], "variants": variants, **changed}


class TestReading:
    def test_a_product(self, api: GraphQLClient, shirt: Product) -> None:
        product = api.run(PRODUCT, slug="shirt")["product"]
        assert product["options"] == [
            {"name": "Size", "values": ["S", "M"]},
            {"name": "Colour", "values": ["Red", "Blue"]},
        ]
        assert product["priceRange"] == {"min": {"amount": "10.00"}, "max": {"amount": "30.00"}}
        assert (product["stock"], product["price"], product["finalPrice"]) == (
            5,
            {"amount": "20.00"},
            {"amount": "15.00"},
        )
        assert [variant["title"] for variant in product["variants"]] == ["S / Red", "S / Blue", "M / Red"]
        assert product["variants"][1] == {
            "id": global_id("ProductVariant", variant_of(shirt, "S", "Blue").pk),
            "sku": None,
            "title": "S / Blue",
            "selectedOptions": [{"name": "Size", "value": "S"}, {"name": "Colour", "value": "Blue"}],
            "price": {"amount": "20.00"},
            "discount": "25.00",
            "finalPrice": {"amount": "15.00"},
            "onSale": True,
            "stock": 2,
            "isAvailable": True,
            "image": {"url": "/media/products/shirt.jpg"},
            "product": {"slug": "shirt"},
        }
        assert (product["variants"][0]["sku"], product["variants"][0]["isAvailable"]) == ("S-RED", False)

    def test_a_product_in_one_form(self, api: GraphQLClient) -> None:
        lamp = make_product(name="Lamp")
        product = api.run(PRODUCT, slug="lamp")["product"]
        assert (product["options"], product["priceRange"]["max"]) == ([], {"amount": "10.00"})
        [variant] = product["variants"]
        assert variant["id"] == global_id("ProductVariant", variant_of(lamp).pk)
        assert (variant["title"], variant["selectedOptions"], variant["image"]) == ("", [], None)

    def test_by_id(self, api: GraphQLClient, shirt: Product) -> None:
        variant = variant_of(shirt, "M", "Red")
        key = global_id("ProductVariant", variant.pk)
        assert api.run(NODE, id=key)["node"]["title"] == "M / Red"
        variant.delete()
        assert api.run(NODE, id=key)["node"] is None

    def test_a_renamed_option(self, api: GraphQLClient, shirt: Product) -> None:
        Product.objects.filter(pk=shirt.pk).update(option_1="Width")
        product = api.run(PRODUCT, slug="shirt")["product"]
        assert product["options"][0] == {"name": "Width", "values": ["S", "M"]}
        assert product["variants"][0]["selectedOptions"][0] == {"name": "Width", "value": "S"}

    def test_takes_the_same_number_of_statements_for_any_number(self, api: GraphQLClient) -> None:
        def count() -> int:
            with CaptureQueriesContext(connection) as captured:
                nodes = api.run(LIST)["products"]["nodes"]
            assert all(node["variants"] for node in nodes)
            return len(captured)

        make_shirt()
        few = count()
        for _ in range(5):
            make_shirt()
        make_products(10)
        # The page, its variants, the values of its options, and its ranges of prices.
        assert count() == few == 4

    def test_variants_twice_in_a_document(self, api: GraphQLClient, shirt: Product) -> None:
        document = '{ product(slug: "shirt") { a: variants { title } b: variants { sku } } }'
        product = api.run(document)["product"]
        assert [variant["title"] for variant in product["a"]] == ["S / Red", "S / Blue", "M / Red"]
        assert [variant["sku"] for variant in product["b"]] == ["S-RED", None, None]

    @pytest.mark.parametrize("skipped", ["", "@skip(if: false)"])
    def test_with_and_without_a_plan(self, api: GraphQLClient, shirt: Product, skipped: str) -> None:
        """A directive leaves the document to graphql-core, which reads instances."""
        make_shirt(name="Vest")
        short = "{ products { nodes { variants { title } } } }"
        for text, statements in ((LIST, 4), (short, 2)):
            document = text.replace("nodes {", f"nodes {skipped} {{")
            with CaptureQueriesContext(connection) as captured:
                nodes = api.run(document)["products"]["nodes"]
            assert [len(node["variants"]) for node in nodes] == [3, 3]
            assert len(captured) == statements


class TestSoldOut:
    """The price of a product, in lists too, is that of the cheapest variant that can be bought."""

    PRICES = """
        query($filter: ProductFilter) {
          products(sort: PRICE_ASC, filter: $filter) { nodes {
            name finalPrice { amount } priceRange { min { amount } } stock variants { isAvailable }
          } }
        }
    """

    def listed(self, api: GraphQLClient, **filter: Any) -> list[tuple[str, str]]:
        found = api.run(self.PRICES, filter=filter)["products"]["nodes"]
        return [(product["name"], product["finalPrice"]["amount"]) for product in found]

    def test_sort_and_price_filter_follow_what_can_be_bought(self, api: GraphQLClient) -> None:
        shirt = make_product(
            name="Shirt",
            options=["Size"],
            variants=[{"values": "S", "stock": 1}, {"values": "M", "price": Decimal(12)}],
        )
        make_product(name="Mug", price=Decimal(11))
        assert self.listed(api) == [("Shirt", "10.00"), ("Mug", "11.00")]
        assert self.listed(api, maxPrice="10") == [("Shirt", "10.00")]
        set_stock(shirt, 0, "S")
        assert self.listed(api) == [("Mug", "11.00"), ("Shirt", "12.00")]
        assert self.listed(api, maxPrice="11") == [("Mug", "11.00")]

    def test_prices_of_what_is_sold_out_stay(self, api: GraphQLClient) -> None:
        make_product(
            name="Shirt",
            options=["Size"],
            variants=[{"values": "S", "stock": 0}, {"values": "M", "price": Decimal(12), "stock": 0}],
        )
        [shirt] = api.run(self.PRICES)["products"]["nodes"]
        assert shirt == {
            "name": "Shirt",
            "finalPrice": {"amount": "10.00"},
            "priceRange": {"min": {"amount": "10.00"}},
            "stock": 0,
            "variants": [{"isAvailable": False}] * 2,
        }
        assert self.listed(api, inStock=True) == []


def test_variants_at_one_place_are_in_the_order_of_their_keys(api: GraphQLClient, shirt: Product) -> None:
    shirt.variants.update(position=0)
    titles = [variant["title"] for variant in api.run(PRODUCT, slug="shirt")["product"]["variants"]]
    assert titles == ["S / Red", "S / Blue", "M / Red"]


class TestCreateProduct:
    def test_with_variants(self, seller: GraphQLClient) -> None:
        make_category("Clothes")
        product = seller.run(CREATE, input=as_input())["createProduct"]
        assert product["__typename"] == "Product"
        assert product["options"] == [{"name": "Size", "values": ["S", "M"]}]
        assert [(variant["title"], variant["sku"]) for variant in product["variants"]] == [
            ("S", "TEE-S"),
            ("M", None),
        ]
        assert (product["finalPrice"], product["stock"]) == ({"amount": "6.00"}, 3)
        assert ProductVariant.objects.get(option_1="M").weight_grams == 180

    def test_in_one_form(self, seller: GraphQLClient) -> None:
        make_category("Clothes")
        given = {"price": "9", "stock": 4, "sku": "TEE", "options": None, "variants": None}
        product = seller.run(CREATE, input=as_input(**given))["createProduct"]
        assert [(variant["sku"], variant["stock"]) for variant in product["variants"]] == [("TEE", 4)]

    @pytest.mark.parametrize(
        ("changed", "field"),
        [
            ({"variants": None, "options": None}, "price"),
            ({"variants": None}, "variants"),
            ({"variants": []}, "variants"),
            ({"options": None}, "options"),
            ({"options": ["Size", "Colour"]}, "variants.0.optionValues"),
            ({"price": "3"}, "price"),
            ({"discount": "3"}, "discount"),
        ],
    )
    def test_refusals(self, seller: GraphQLClient, changed: dict[str, Any], field: str) -> None:
        make_category("Clothes")
        answer = seller.run(CREATE, input=as_input(**changed))["createProduct"]
        assert (answer["__typename"], answer["code"]) == ("ValidationError", "INVALID")
        assert answer["fields"][0]["field"] == field
        assert not Product.objects.exists()

    def test_a_sku_that_is_taken(self, seller: GraphQLClient) -> None:
        make_shirt(category=make_category("Clothes"), sku="S-RED")
        variants = [{"optionValues": ["S"], "price": "1", "stock": 1, "sku": "s-red"}]
        answer = seller.run(CREATE, input=as_input(variants=variants))["createProduct"]
        assert answer["fields"] == [
            {"field": "variants.0.sku", "message": "Another product has the SKU “s-red”."}
        ]
        assert Product.objects.count() == 1


class TestUpdateProduct:
    def test_the_whole_list(self, seller: GraphQLClient, shirt: Product) -> None:
        kept = global_id("ProductVariant", variant_of(shirt, "M", "Red").pk)
        variants = [
            {"optionValues": ["L", "Red"], "price": "5", "stock": 1},
            {"id": kept, "optionValues": ["M", "Red"], "price": "31", "stock": 3},
        ]
        key = global_id("Product", shirt.pk)
        product = seller.run(UPDATE, input={"id": key, "variants": variants})["updateProduct"]
        assert [variant["title"] for variant in product["variants"]] == ["L / Red", "M / Red"]
        assert product["variants"][1]["id"] == kept
        assert product["priceRange"] == {"min": {"amount": "5.00"}, "max": {"amount": "31.00"}}

    def test_what_was_read_can_be_sent_back(self, seller: GraphQLClient, shirt: Product) -> None:
        before = list(ProductVariant.objects.order_by("pk").values())
        read = seller.run(PRODUCT, slug="shirt")["product"]
        variants = [
            {
                **{name: variant[name] for name in ("id", "sku", "discount", "stock")},
                "optionValues": [option["value"] for option in variant["selectedOptions"]],
                "price": variant["price"]["amount"],
            }
            for variant in read["variants"]
        ]
        key = global_id("Product", shirt.pk)
        seller.run(UPDATE, input={"id": key, "variants": variants})
        assert list(ProductVariant.objects.order_by("pk").values()) == before

    @pytest.mark.parametrize("given", [{"price": "3"}, {"discount": "3"}, {"stock": 3}, {"sku": "A"}])
    def test_one_price_for_several(
        self, seller: GraphQLClient, shirt: Product, given: dict[str, Any]
    ) -> None:
        before = list(ProductVariant.objects.values())
        input = {"id": global_id("Product", shirt.pk), **given}
        answer = seller.run(UPDATE, input=input)["updateProduct"]
        assert (answer["__typename"], answer["fields"][0]["field"]) == ("ValidationError", "variants")
        assert list(ProductVariant.objects.values()) == before

    def test_another_products_variant(self, seller: GraphQLClient, shirt: Product) -> None:
        other = variant_of(make_product())
        variant = {
            "id": global_id("ProductVariant", other.pk),
            "optionValues": ["S", "Red"],
            "price": "1",
            "stock": 1,
        }
        before = list(ProductVariant.objects.values())
        input = {"id": global_id("Product", shirt.pk), "variants": [variant]}
        answer = seller.run(UPDATE, input=input)["updateProduct"]
        assert answer["fields"] == [
            {"field": "variants.0.id", "message": "This product has no such variant."}
        ]
        assert list(ProductVariant.objects.values()) == before

    @pytest.mark.parametrize("id", ["", "x", global_id("Product", 1), global_id("ProductVariant", "x")])
    def test_ids_that_are_none(self, seller: GraphQLClient, shirt: Product, id: str) -> None:
        variant = {"id": id, "optionValues": ["S", "Red"], "price": "1", "stock": 1}
        input = {"id": global_id("Product", shirt.pk), "variants": [variant]}
        assert seller.expect_refusal(UPDATE, input=input) == "BAD_USER_INPUT"
