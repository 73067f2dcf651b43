"""The admin's import page and its export."""

from io import BytesIO
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from catalog.models import Category, Product, StockMovement
from tests.factories import make_product
from tests.staff import clerk

pytestmark = pytest.mark.django_db

PRODUCTS = reverse("admin:catalog_product_changelist")
IMPORT = f"{PRODUCTS}import/"
TEMPLATE = f"{IMPORT}template.csv"
HEADER = "category,name,description,price,stock\n"


def upload(client: Client, text: str, *, name: str = "products.csv", **options: str) -> Any:
    file = BytesIO(text.encode())
    file.name = name
    return client.post(IMPORT, {"file": file, **options})


class TestImport:
    def test_counts_as_an_upload(self, superuser: Client) -> None:
        for _ in range(20):
            assert upload(superuser, HEADER).status_code == 200
        assert upload(superuser, HEADER + "Lamps,Lamp,It shines.,10,3\n").status_code == 429
        assert not Product.objects.exists()

    def test_good_rows_go_in_and_bad_ones_are_listed(self, superuser: Client) -> None:
        response = upload(superuser, HEADER + "Lamps,Lamp,It shines.,10,3\nLamps,<b>,It shines.,ten,3\n")
        product = Product.objects.get()
        assert (product.name, product.stock, product.user.email) == ("Lamp", 3, "root@example.com")
        page = response.content.decode()
        assert "1 created, 0 updated, 0 unchanged,\n" in page
        assert [row[0] for row in response.context["refusals"]["rows"]] == [3]
        assert "price: “ten” value must be a decimal number." in page

    @pytest.mark.parametrize("options", [{}, {"preview": "1"}])
    @pytest.mark.parametrize(
        ("text", "name"),
        [("price\n", "p.csv"), (HEADER, "p.xlsx"), ("", "p.csv"), ("PK\x03\x04", "p.csv"), ("\0\0", "p.csv")],
    )
    def test_what_is_not_a_file_of_products(
        self, superuser: Client, text: str, name: str, options: dict[str, str]
    ) -> None:
        response = upload(superuser, text, name=name, **options)
        assert response.context["form"].errors["file"]
        assert "outcome" not in response.context
        assert not Product.objects.exists()

    def test_a_preview_says_what_would_happen_and_writes_nothing(self, superuser: Client) -> None:
        mug = make_product(name="Mug", price="10.00", stock=5)
        before = [list(model.objects.values()) for model in (Category, Product, StockMovement)]
        rows = f"slug,{HEADER}".replace("stock", "stock,colour")
        rows += (
            f"{mug.slug},,,,12,5,red\n,New lamps,Lamp,It shines.,10,3,\n,,Bad,,ten,,\n{mug.slug},,,,13,,\n"
        )
        response = upload(superuser, rows, preview="1")
        steps = response.context["steps"]
        assert [(step.line, step.action) for step in steps] == [
            *((2, "update"), (3, "create")),
            *((4, "error"), (5, "error")),
        ]
        assert [(change.field, change.before, change.after) for change in steps[0].changes] == [
            ("price", "10.00", "12")
        ]
        assert ("category", "", "New lamps (new)") in [
            (change.field, change.before, change.after) for change in steps[1].changes
        ]
        assert "“ten” value must be" in steps[2].reason
        assert "“colour”" in response.text
        assert [list(model.objects.values()) for model in (Category, Product, StockMovement)] == before

    def test_unknown_categories_are_reported_if_asked(self, superuser: Client) -> None:
        rows = HEADER + "Lamps,Lamp,It shines.,10,3\n"
        assert (
            "There is no category “Lamps”" in upload(superuser, rows, preview="1", categories="report").text
        )
        assert "There is no category “Lamps”" in upload(superuser, rows, categories="report").text
        assert not Category.objects.exists()
        upload(superuser, rows, categories="create")
        assert Category.objects.get().name == "Lamps"

    def test_a_template_to_fill(self, superuser: Client) -> None:
        assert TEMPLATE in superuser.get(IMPORT).text
        text = superuser.get(TEMPLATE).content.decode()
        options = ",".join(f"option{number}_name,option{number}_value" for number in (1, 2, 3))
        assert text == (
            f"\ufeffslug,category,name,description,published,tax_class,attributes,seo_title,seo_description,{options},sku,price,discount,stock,weight_grams,requires_shipping,barcode\r\n"
        )
        assert "0 created, 0 updated" in upload(superuser, text).text
        assert clerk("view_product").get(TEMPLATE).status_code == 403

    def test_the_button_stands_above_the_list(self, superuser: Client) -> None:
        assert IMPORT in superuser.get(PRODUCTS).content.decode()
        assert superuser.get(IMPORT).status_code == 200

    @pytest.mark.parametrize("rights", [("view_product",), ("add_product",), ("change_product",)])
    def test_it_takes_the_rights_to_add_and_to_change(self, rights: tuple[str, ...]) -> None:
        client = clerk(*rights)
        assert client.get(IMPORT).status_code == 403
        assert upload(client, HEADER + "Lamps,Lamp,It shines.,10,3\n").status_code == 403
        assert not Product.objects.exists()
        assert not Category.objects.exists()


class TestExport:
    def test_the_selected_products_as_they_are_read(self, superuser: Client) -> None:
        products = [make_product() for _ in range(3)]
        keys = [str(product.pk) for product in products[:2]]
        response = superuser.post(PRODUCTS, {"action": "export", "_selected_action": keys})
        text = response.getvalue().decode()
        assert response["Content-Disposition"] == "attachment; filename=products.csv"
        assert len(text.splitlines()) == 3
        page = upload(superuser, text).content.decode()
        assert "0 created, 0 updated, 2 unchanged,\n" in page
