"""Tax classes, and the class of a product."""

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from catalog.models import TaxClass
from tests.catalog.admin.conftest import change_page, form_of
from tests.factories import default_tax_class, make_product

pytestmark = pytest.mark.django_db

CLASSES = reverse("admin:catalog_taxclass_changelist")
ADD = reverse("admin:catalog_taxclass_add")


def class_page(tax_class: TaxClass) -> str:
    return reverse("admin:catalog_taxclass_change", args=[tax_class.pk])


def delete_page(tax_class: TaxClass) -> str:
    return reverse("admin:catalog_taxclass_delete", args=[tax_class.pk])


class TestTaxClass:
    def test_one_is_the_default(self) -> None:
        default_tax_class()
        assert TaxClass.objects.filter(is_default=True).count() == 1
        with transaction.atomic(), pytest.raises(IntegrityError):
            TaxClass.objects.create(name="Another", is_default=True)

    @pytest.mark.parametrize("name", ["Food", "FOOD", " food "])
    def test_has_a_name_of_its_own_whatever_the_case(self, name: str) -> None:
        TaxClass.objects.create(name="Food")
        with pytest.raises(ValidationError, match="already a tax class"):
            TaxClass(name=name).full_clean()
        with transaction.atomic(), pytest.raises(IntegrityError):
            TaxClass.objects.create(name=name)


class TestAdmin:
    def test_makes_and_renames_classes(self, superuser: Client) -> None:
        superuser.post(ADD, {"name": "Food"})
        food = TaxClass.objects.get(name="Food")
        assert not food.is_default
        superuser.post(class_page(food), {"name": "Food and books"})
        superuser.post(class_page(default_tax_class()), {"name": "Normal"})
        page = superuser.get(CLASSES).text
        assert "Food and books" in page
        assert "Normal" in page

    def test_deletes_a_class_that_nothing_names(self, superuser: Client) -> None:
        food = TaxClass.objects.create(name="Food")
        superuser.post(delete_page(food), {"post": "yes"})
        assert not TaxClass.objects.filter(pk=food.pk)

    def test_keeps_a_class_of_products(self, superuser: Client) -> None:
        food = TaxClass.objects.create(name="Food")
        make_product(name="Apple", tax_class=food)
        page = superuser.get(delete_page(food)).text
        assert "Apple" in page
        superuser.post(delete_page(food), {"post": "yes"})
        assert TaxClass.objects.filter(pk=food.pk)

    def test_keeps_the_default_class(self, superuser: Client) -> None:
        default = default_tax_class()
        assert superuser.post(delete_page(default), {"post": "yes"}).status_code == 403
        chosen = {"action": "delete_selected", "_selected_action": [default.pk], "post": "yes"}
        superuser.post(CLASSES, chosen)
        assert TaxClass.objects.filter(pk=default.pk)

    def test_chooses_the_class_of_a_product(self, superuser: Client) -> None:
        food, apple = TaxClass.objects.create(name="Food"), make_product(name="Apple")
        superuser.post(change_page(apple), form_of(apple, tax_class=str(food.pk)))
        apple.refresh_from_db()
        assert apple.tax_class == food
        superuser.post(change_page(apple), form_of(apple, tax_class=""))
        apple.refresh_from_db()
        assert apple.tax_class is None
