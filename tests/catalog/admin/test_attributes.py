"""The admin's pages of attributes and their values, and the attributes on a product's page."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from catalog.attributes import set_attributes
from catalog.models import Attribute, AttributeValue, Product, ProductValue
from catalog.selectors import attributes_of
from tests.factories import make_category, make_product, make_staff
from tests.staff import clerk

pytestmark = pytest.mark.django_db

PRODUCTS = reverse("admin:catalog_product_changelist")
ATTRIBUTES = reverse("admin:catalog_attribute_changelist")
VALUES = reverse("admin:catalog_attributevalue_changelist")
NO_PARTS_SENT = {
    f"{parts}-{number}_FORMS": "0"
    for parts in ("images", "variants", "movements")
    for number in ("TOTAL", "INITIAL")
}


@pytest.fixture
def product() -> Product:
    product = make_product(name="Mug")
    set_attributes({product.pk: {"Brand": ["Acme"], "Material": ["Clay"]}}, whole=True)
    return product


def change_page(row: Any) -> str:
    return reverse(f"admin:{row._meta.label_lower.replace('.', '_')}_change", args=[row.pk])


def form_of(product: Product, *, shown: str, attributes: str, **changes: str) -> dict[str, str]:
    """Return the form of a browser that showed these attributes, and in which they were edited."""
    numbers = {"price": str(product.price), "discount": str(product.discount), "stock": str(product.stock)}
    fields = {
        "name": product.name,
        "description": product.description,
        "category": str(product.category_id),
        "user": str(product.user_id),
        **numbers,
    }
    initial = {f"initial-{name}": value for name, value in fields.items()} | {"initial-attributes": shown}
    return {**fields, **initial, "attributes": attributes, **NO_PARTS_SENT, **changes}


def named(product: Product) -> dict[str, list[str]]:
    return {name: values for (name, _), values in attributes_of({product.pk})[product.pk].items()}


class TestProduct:
    SHOWN = "Brand: Acme\r\nMaterial: Clay"

    def test_shows_them_as_lines(self, superuser: Client, product: Product) -> None:
        assert "Brand: Acme\nMaterial: Clay</textarea>" in superuser.get(change_page(product)).text

    def test_writes_them(self, superuser: Client, product: Product) -> None:
        edited = " Material: Clay\r\nmaterial : Glass \r\n\r\nUse: Tea: black"
        answer = superuser.post(
            change_page(product),
            form_of(product, shown=self.SHOWN, attributes=edited.replace("material", "Material")),
        )
        assert answer.status_code == 302
        assert named(product) == {"Material": ["Clay", "Glass"], "Use": ["Tea: black"]}
        before = product.updated_at
        product.refresh_from_db()
        assert product.updated_at > before

    def test_leaves_alone_what_was_not_edited(self, superuser: Client, product: Product) -> None:
        set_attributes({product.pk: {"Brand": ["Bolt"]}}, whole=True)
        superuser.post(
            change_page(product),
            form_of(product, shown=self.SHOWN, attributes=self.SHOWN, name="Cup"),
        )
        product.refresh_from_db()
        assert product.name == "Cup"
        assert named(product) == {"Brand": ["Bolt"]}

    def test_asks_if_another_has_edited_them(self, superuser: Client, product: Product) -> None:
        set_attributes({product.pk: {"Brand": ["Bolt"]}}, whole=True)
        answer = superuser.post(
            change_page(product), form_of(product, shown=self.SHOWN, attributes="Brand: Crown")
        )
        assert "Somebody else changed this" in answer.text
        assert named(product) == {"Brand": ["Bolt"]}

    @pytest.mark.parametrize("line", ["Acme", ": Acme", "Brand:", f"Brand: {'a' * 101}"])
    def test_refuses(self, superuser: Client, product: Product, line: str) -> None:
        answer = superuser.post(change_page(product), form_of(product, shown=self.SHOWN, attributes=line))
        assert answer.status_code == 200
        assert "error" in answer.text
        assert named(product) == {"Brand": ["Acme"], "Material": ["Clay"]}

    def test_a_new_one_gets_them(self, superuser: Client) -> None:
        form = {
            "name": "Cup",
            "description": "A cup.",
            "category": str(make_category().pk),
            "price": "5",
            "discount": "0",
            "stock": "1",
            "user": str(make_staff().pk),
            "attributes": "Brand: Acme",
            **NO_PARTS_SENT,
        }
        superuser.post(reverse("admin:catalog_product_add"), form)
        assert named(Product.objects.get(name="Cup")) == {"Brand": ["Acme"]}

    def test_the_list_filters_by_a_value(self, superuser: Client, product: Product) -> None:
        make_product(name="Lamp")
        value = AttributeValue.objects.get(name="Acme")
        page = superuser.get(PRODUCTS, {"product_values__value__id__exact": value.pk}).text
        assert "Mug" in page
        assert "Lamp" not in page


class TestAttributes:
    def test_are_listed_with_their_values(self, superuser: Client, product: Product) -> None:
        page = superuser.get(ATTRIBUTES).text
        assert "Brand" in page
        brand = Attribute.objects.get(slug="brand")
        assert f'{VALUES}?attribute__id__exact={brand.pk}">1</a>' in page
        assert "Acme" in superuser.get(VALUES, {"attribute__id__exact": brand.pk}).text

    @pytest.mark.parametrize("page", [ATTRIBUTES, VALUES])
    def test_take_as_many_statements_for_many(self, superuser: Client, page: str) -> None:
        numbers = []
        for _ in range(2):
            product = make_product()
            set_attributes({product.pk: {f"A{product.pk}{n}": ["a", "b"] for n in range(5)}}, whole=True)
            with CaptureQueriesContext(connection) as captured:
                superuser.get(page)
            numbers.append(len(captured))
        assert numbers[0] == numbers[1]

    def test_get_a_slug_that_stays(self, superuser: Client) -> None:
        superuser.post(reverse("admin:catalog_attribute_add"), {"name": "Country of origin", "position": "2"})
        attribute = Attribute.objects.get(slug="country-of-origin")
        superuser.post(change_page(attribute), {"name": "Ötztal", "position": "1"})
        attribute.refresh_from_db()
        assert (attribute.name, attribute.slug, attribute.position) == ("Ötztal", "country-of-origin", 1)
        assert attribute.sort_name.startswith("otztal")

    def test_values_are_added_and_renamed(self, superuser: Client, product: Product) -> None:
        brand = Attribute.objects.get(slug="brand")
        superuser.post(reverse("admin:catalog_attributevalue_add"), {"name": "A+", "attribute": brand.pk})
        assert AttributeValue.objects.get(name="A+").slug.startswith("a-")
        acme = AttributeValue.objects.get(name="Acme")
        superuser.post(change_page(acme), {"name": "Acme & Sons"})
        assert named(product)["Brand"] == ["Acme & Sons"]

    @pytest.mark.parametrize("name", ["acme", "BOLT"])
    def test_no_two_values_have_one_name(self, superuser: Client, product: Product, name: str) -> None:
        brand = Attribute.objects.get(slug="brand")
        bolt = AttributeValue.objects.create(attribute=brand, name="Bolt")
        bolt.name = "Nut"
        bolt.save()  # its slug stays
        answer = superuser.post(
            reverse("admin:catalog_attributevalue_add"), {"name": name, "attribute": brand.pk}
        )
        assert "which this name stands for" in answer.text
        answer = superuser.post(change_page(bolt), {"name": "ACME"})
        assert "which this name stands for" in answer.text
        assert {*brand.values.values_list("name", flat=True)} == {"Acme", "Nut"}

    def test_are_deleted_with_the_products_values(self, superuser: Client, product: Product) -> None:
        brand = Attribute.objects.get(slug="brand")
        with CaptureQueriesContext(connection) as captured:
            superuser.post(reverse("admin:catalog_attribute_delete", args=[brand.pk]), {"post": "yes"})
        assert named(product) == {"Material": ["Clay"]}
        assert ProductValue.objects.count() == 1
        assert len(captured) < 30

    @pytest.mark.parametrize("page", [ATTRIBUTES, VALUES])
    def test_are_closed_without_the_right(self, page: str) -> None:
        assert clerk().get(page).status_code == 403
