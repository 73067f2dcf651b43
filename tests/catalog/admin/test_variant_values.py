"""The values and pictures of a product's variants, on its page of the admin."""

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from catalog.models import Product
from tests.catalog.admin.conftest import change_page
from tests.catalog.admin.variants import books_are_right, edit, errors_of, everything, rows, shown
from tests.factories import (
    add_pictures,
    make_product,
    variant_of,
)
from tests.staff import clerk, form_on

pytestmark = pytest.mark.django_db


class TestMatrix:
    def test_adds_the_missing_combinations(self, superuser: Client, shirt: Product) -> None:
        assert edit(superuser, shirt, values_1="M, L ,,L, XL").status_code == 302
        assert rows(shirt) == [
            ("S", "TEE-S", "10.00", "10.00", 1),
            ("M", "", "12.00", "12.00", 3),
            ("L", "", "10.00", "10.00", 0),
            ("XL", "", "10.00", "10.00", 0),
        ]
        assert books_are_right()

    def test_of_a_product_without_options(self, superuser: Client) -> None:
        """Its only variant gets the first combination, with its SKU and its stock."""
        lamp = make_product(stock=4)
        [only] = lamp.variants.all()
        edited = {"option_1": "Size", "option_2": "Colour", "values_1": "S, M", "values_2": "Red, Blue"}
        response = edit(superuser, lamp, price="20.00", **edited)
        assert response.status_code == 302
        assert rows(lamp) == [
            ("S / Red", "", "20.00", "20.00", 4),
            ("S / Blue", "", "20.00", "20.00", 0),
            ("M / Red", "", "20.00", "20.00", 0),
            ("M / Blue", "", "20.00", "20.00", 0),
        ]
        assert lamp.variants.all()[0] == only
        lamp.refresh_from_db()
        assert (lamp.option_names, lamp.stock) == (["Size", "Colour"], 4)
        assert books_are_right()

    def test_a_new_value_is_combined_with_those_of_the_others(self, superuser: Client) -> None:
        tee = make_product(
            options=["Size", "Colour"], variants=[{"values": ["S", "Red"]}, {"values": ["M", "Blue"]}]
        )
        edit(superuser, tee, values_1="L")
        assert [row[0] for row in rows(tee)] == ["S / Red", "M / Blue", "L / Red", "L / Blue"]

    def test_another_option_needs_a_value_in_each_row(self, superuser: Client, shirt: Product) -> None:
        before = everything()
        response = edit(superuser, shirt, option_2="Colour", values_2="Red")
        assert errors_of(response)[1] == [{"option_2": ["A value cannot be blank."]}] * 2
        assert everything() == before
        form = form_on(
            response.content.decode(), **{"variants-0-option_2": "Red", "variants-1-option_2": "Blue"}
        )
        assert superuser.post(change_page(shirt), form).status_code == 302
        # The typed value is still combined with the sizes.
        assert [row[0] for row in rows(shirt)] == ["S / Red", "M / Blue", "M / Red"]

    @pytest.mark.parametrize(
        ("edited", "field"),
        [
            ({"values_2": "Red"}, "values_2"),
            ({"option_1": "", "option_2": "Size"}, "option_1"),
            ({"option_2": "SIZE"}, "option_1"),
        ],
    )
    def test_options_that_do_not_fit(
        self, superuser: Client, shirt: Product, edited: dict[str, str], field: str
    ) -> None:
        before = everything()
        response = edit(superuser, shirt, **edited)
        assert field in response.context["adminform"].errors
        assert everything() == before

    def test_an_option_that_goes_takes_its_values_along(self, superuser: Client) -> None:
        tee = make_product(
            options=["Size", "Colour"], variants=[{"values": ["S", "Red"]}, {"values": ["M", "Red"]}]
        )
        edit(superuser, tee, option_2="")
        assert [row[0] for row in rows(tee)] == ["S", "M"]


class TestPictures:
    """A variant shows one of its product's pictures, or the first."""

    @pytest.fixture
    def shirt(self, shirt: Product) -> Product:
        _, red, _ = add_pictures(shirt, "front", "red", "blue")
        shirt.variants.filter(option_1="S").update(image=red)
        return shirt

    @staticmethod
    def key(product: Product, text: str) -> str:
        return str(product.images.get(image_alt=text).pk)

    def test_are_offered_in_order(self, superuser: Client, shirt: Product) -> None:
        add_pictures(make_product(), "other")
        page = superuser.get(change_page(shirt)).text
        [select] = re.findall(r'<select name="variants-0-image".*?</select>', page, re.DOTALL)
        assert re.findall(r">([^<]+)</option>", select) == [
            *("The first", "1. The front", "2. The red", "3. The blue"),
        ]
        assert form_on(page)["variants-0-image"] == [self.key(shirt, "The red")]

    def test_are_chosen(self, superuser: Client, shirt: Product) -> None:
        edited = {"variants__0__image": "", "variants__1__image": self.key(shirt, "The blue")}
        assert edit(superuser, shirt, **edited).status_code == 302
        assert shown(shirt) == {"S": None, "M": "The blue"}

    def test_that_were_not_edited_stay(self, superuser: Client, shirt: Product) -> None:
        assert edit(superuser, shirt, variants__0__stock="5").status_code == 302
        assert shown(shirt) == {"S": "The red", "M": None}

    @pytest.mark.parametrize("is_chosen", [True, False])
    def test_that_the_same_page_removes(self, superuser: Client, shirt: Product, is_chosen: bool) -> None:
        edited = {"variants__1__image": self.key(shirt, "The red")} if is_chosen else {}
        assert edit(superuser, shirt, images__1__DELETE="on", **edited).status_code == 302
        assert shown(shirt) == {"S": None, "M": None}
        assert books_are_right()

    def test_that_another_tab_has_removed(self, superuser: Client, shirt: Product) -> None:
        form = form_on(superuser.get(change_page(shirt)).text, **{"variants-0-stock": "5"})
        assert edit(superuser, shirt, images__1__DELETE="on").status_code == 302
        assert superuser.post(change_page(shirt), form).status_code == 302
        assert shown(shirt) == {"S": None, "M": None}
        assert variant_of(shirt, "S").stock == 5

    def test_that_another_tab_has_chosen_are_asked_about(self, superuser: Client, shirt: Product) -> None:
        blue, front = self.key(shirt, "The blue"), self.key(shirt, "The front")
        form = form_on(superuser.get(change_page(shirt)).text, **{"variants-0-image": blue})
        edit(superuser, shirt, variants__0__image=front)
        _, errors = errors_of(superuser.post(change_page(shirt), form))
        assert errors[0].keys() == {"image"}
        assert shown(shirt)["S"] == "The front"

    def test_of_another_product_cannot_be_chosen(self, superuser: Client, shirt: Product) -> None:
        [other] = add_pictures(make_product(), "other")
        edit(superuser, shirt, variants__0__image=str(other.pk))
        assert shown(shirt) == {"S": None, "M": None}

    def test_take_as_many_statements_for_many(self, superuser: Client) -> None:
        def visit(browser: Client, number: int) -> int:
            values = [{"values": [str(place)]} for place in range(number)]
            product = make_product(options=["Size"], variants=values)
            [picture] = add_pictures(product, f"{number}-{product.pk}")
            product.variants.update(image=picture)
            with CaptureQueriesContext(connection) as captured:
                browser.get(change_page(product))
            return len(captured)

        for browser in (superuser, clerk("view_product")):
            visit(browser, 2)
            assert visit(browser, 2) == visit(browser, 5)
