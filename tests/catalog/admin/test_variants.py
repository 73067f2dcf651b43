"""The variants of a product on its page of the admin."""

import re
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from catalog import variants as service
from catalog.categories import delete_category
from catalog.models import Product, ProductVariant, StockMovement
from orders.audit import check_prices, check_products, check_stock
from tests.factories import (
    add_pictures,
    make_category,
    make_product,
    make_staff,
    reprice,
    set_stock,
    variant_of,
)
from tests.races.interleaving import slip_in
from tests.staff import browser_of, clerk, form_on

pytestmark = pytest.mark.django_db

PRODUCTS = reverse("admin:catalog_product_changelist")


@pytest.fixture
def shirt() -> Product:
    return make_product(
        name="Shirt",
        options=["Size"],
        variants=[
            {"values": ["S"], "stock": 1, "sku": "TEE-S"},
            {"values": ["M"], "price": Decimal(12), "stock": 3},
        ],
    )


def page_of(product: Product) -> str:
    return reverse("admin:catalog_product_change", args=[product.pk])


def edit(browser: Client, product: Product, **edits: str) -> Any:
    """Open the product's page, edit these fields, and save."""
    form = form_on(
        browser.get(page_of(product)).text, **{key.replace("__", "-"): edits[key] for key in edits}
    )
    return browser.post(page_of(product), form)


def errors_of(response: Any) -> tuple[list[str], list[dict[str, list[str]]]]:
    """Return the errors above the rows of variants, and those of each row."""
    inlines = response.context["inline_admin_formsets"]
    [formset] = [inline.formset for inline in inlines if inline.formset.prefix == "variants"]
    return [str(error) for error in formset.non_form_errors()], [
        {name: [str(text) for text in texts] for name, texts in form.errors.items()} for form in formset.forms
    ]


def rows(product: Product) -> list[tuple[Any, ...]]:
    return [
        (variant.title, variant.sku, str(variant.price), str(variant.final_price), variant.stock)
        for variant in product.variants.all()
    ]


def shown(product: Product) -> dict[str, str | None]:
    """Return the text of the picture that each variant points at."""
    return dict(product.variants.values_list("option_1", "image__image_alt"))


def everything() -> list[Any]:
    return [list(model.objects.order_by("pk").values()) for model in (Product, ProductVariant, StockMovement)]


def books_are_right() -> bool:
    return not [*check_stock(), *check_products(), *check_prices()]


class TestRows:
    def test_are_shown_with_the_names_of_the_options(self, superuser: Client, shirt: Product) -> None:
        shirt.variants.filter(option_1="M").update(held=2)
        page = superuser.get(page_of(shirt)).text
        form = form_on(page)
        assert [form[f"variants-0-{name}"] for name in ("option_1", "sku", "price", "stock")] == [
            *(["S"], ["TEE-S"], ["10.00"], ["1"]),
        ]
        assert "variants-0-option_2" not in form
        assert re.search(r'<th class="column-option_1[^>]*>(\s|<[^>]*>)*Size', page)
        cells = re.findall(r"field-held\b.*?</td>", page, re.DOTALL)
        assert any(re.search(r">\s*2\s*<", cell) for cell in cells)

    def test_are_written_by_the_service(self, superuser: Client, shirt: Product) -> None:
        before = shirt.updated_at
        edited = {
            "variants__0__price": "20",
            "variants__0__discount": "60",
            "variants__1__stock": "7",
            "variants__1__sku": " tee-m ",
            "variants__1__weight_grams": "180",
            "variants__1__barcode": "4006381333931",
            "variants__1__option_1": "Medium",
        }
        assert edit(superuser, shirt, **edited).status_code == 302
        assert rows(shirt) == [
            ("S", "TEE-S", "20.00", "8.00", 1),
            ("Medium", "tee-m", "12.00", "12.00", 7),
        ]
        medium = variant_of(shirt, "Medium")
        assert (medium.weight_grams, medium.barcode) == (180, "4006381333931")
        shirt.refresh_from_db()
        assert (str(shirt.final_price), shirt.stock, shirt.updated_at > before) == ("8.00", 8, True)
        assert sorted(shirt.movements.values_list("delta", flat=True)) == [1, 3, 4]
        assert books_are_right()

    def test_that_were_not_edited_are_not_written(self, superuser: Client, shirt: Product) -> None:
        before = everything()
        with CaptureQueriesContext(connection) as captured:
            edit(superuser, shirt)
        assert everything() == before
        assert not [query for query in captured if re.match('(INSERT|UPDATE).*"catalog_', query["sql"])]

    def test_with_one_variant_have_the_rest_above(self, superuser: Client) -> None:
        lamp = make_product(stock=4)
        edit(
            superuser,
            lamp,
            price="20.00",
            stock="6",
            variants__0__sku="LAMP",
            variants__0__weight_grams="900",
        )
        assert rows(lamp) == [("", "LAMP", "20.00", "20.00", 6)]
        assert variant_of(lamp).weight_grams == 900
        lamp.refresh_from_db()
        assert (str(lamp.price), lamp.stock) == ("20.00", 6)
        assert books_are_right()

    def test_the_statements_do_not_grow(self, superuser: Client) -> None:
        def count(number: int) -> tuple[int, int]:
            listed = [{"values": [str(place)]} for place in range(number)]
            sized = make_product(options=["Size"], variants=listed)
            add_pictures(sized, *(f"{number}-{place}" for place in range(number // 2)))
            with CaptureQueriesContext(connection) as shown:
                page = superuser.get(page_of(sized)).text
            form = form_on(page, **{f"variants-{place}-price": "11.00" for place in range(number)})
            with CaptureQueriesContext(connection) as saved:
                assert superuser.post(page_of(sized), form).status_code == 302
            assert set(sized.variants.values_list("price", flat=True)) == {11}
            return len(shown), len(saved)

        count(2)
        assert count(2) == count(40)

    def test_a_hundred_fit_into_a_request(self, superuser: Client) -> None:
        listed = [{"values": [f"Size {place}", "Red"]} for place in range(100)]
        full = make_product(options=["Size", "Colour"], variants=listed)
        page = superuser.get(page_of(full))
        assert len(page.content) < 1_800_000
        form = form_on(page.text, **{f"variants-{place}-stock": "5" for place in range(100)})
        assert superuser.post(page_of(full), form).status_code == 302
        full.refresh_from_db()
        assert full.stock == 500


class TestRefusals:
    @pytest.mark.parametrize(
        ("edited", "row", "errors"),
        [
            ({"variants__1__option_1": "S"}, 1, {"option_1": ["Another variant has the same values."]}),
            ({"variants__1__option_1": ""}, 1, {"option_1": ["A value cannot be blank."]}),
            ({"variants__1__sku": "tee-s "}, 1, {"sku": ["Another variant has the same SKU."]}),
            ({"variants__1__sku": "Lamp-1"}, 1, {"sku": ["Another product has the SKU “Lamp-1”."]}),
            ({"variants__0__discount": "101"}, 0, {"discount": None}),
            ({"variants__0__price": "1.005"}, 0, {"price": None}),
            ({"variants__0__price": ""}, 0, {"price": ["This field is required."]}),
            ({"variants__0__stock": "-1"}, 0, {"stock": None}),
            ({"variants__0__barcode": "4006381333932"}, 0, {"barcode": None}),
            ({"variants__0__sku": "x" * 65}, 0, {"sku": None}),
        ],
    )
    def test_are_told_in_the_row(
        self, superuser: Client, shirt: Product, edited: dict[str, str], row: int, errors: dict[str, Any]
    ) -> None:
        lamp = make_product(name="Lamp")
        edit(superuser, lamp, variants__0__sku="LAMP-1")
        before = everything()
        response = edit(superuser, shirt, name="Changed", **edited)
        assert response.status_code == 200
        above, found = errors_of(response)
        assert (above, [place for place, wrong in enumerate(found) if wrong]) == ([], [row])
        assert found[row].keys() == errors.keys()
        for name, texts in errors.items():
            assert texts is None or found[row][name] == texts
        assert everything() == before

    def test_the_last_one_stays(self, superuser: Client, shirt: Product) -> None:
        before = everything()
        response = edit(superuser, shirt, variants__0__DELETE="on", variants__1__DELETE="on")
        assert errors_of(response)[0] == ["A product needs at least one variant."]
        assert everything() == before

    def test_at_most_a_hundred(self, superuser: Client, shirt: Product) -> None:
        before = everything()
        many = ", ".join(str(number) for number in range(99))
        assert errors_of(edit(superuser, shirt, values_1=many))[0] == [
            "A product can have at most 100 variants."
        ]
        assert everything() == before

    def test_takes_the_right_to_change_products(self, shirt: Product) -> None:
        before = everything()
        browser = clerk("view_product")
        page = browser.get(page_of(shirt))
        assert (page.status_code, "variants-0-price" in form_on(page.text)) == (200, False)
        form = form_on(browser_of(make_staff()).get(page_of(shirt)).text, **{"variants-0-stock": "9"})
        assert browser.post(page_of(shirt), form).status_code == 403
        assert everything() == before
        assert edit(clerk("view_product", "change_product"), shirt, variants__0__stock="9").status_code == 302
        assert variant_of(shirt, "S").stock == 9

    def test_a_sku_that_is_taken_meanwhile(
        self, superuser: Client, shirt: Product, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        other = make_product(name="Other")
        take = variant_of(other)

        def take_sku() -> None:
            take.sku = "NEW"
            take.save()

        slip_in(monkeypatch, service, "record_prices", before=take_sku)
        monkeypatch.setattr("catalog.admin.variants.find_taken_sku", lambda *_: take_sku())
        response = edit(superuser, shirt, variants__0__sku="new")
        page = superuser.get(response["Location"]).text
        assert "Another product has the SKU “new”." in page
        assert variant_of(shirt, "S").sku == "TEE-S"


class TestMeanwhile:
    def test_what_was_sold_stays_sold(self, superuser: Client, shirt: Product) -> None:
        form = form_on(superuser.get(page_of(shirt)).text, **{"variants-1-stock": "10"})
        set_stock(shirt, 1, "M")
        superuser.post(page_of(shirt), form)
        assert variant_of(shirt, "M").stock == 8
        assert books_are_right()

    def test_what_another_has_changed_is_asked_about(self, superuser: Client, shirt: Product) -> None:
        form = form_on(superuser.get(page_of(shirt)).text, **{"variants-1-price": "15.00"})
        reprice(shirt, "M", price=Decimal(13))
        response = superuser.post(page_of(shirt), form)
        assert "Somebody else changed this from “12.00” to “13.00”" in errors_of(response)[1][1]["price"][0]
        assert str(variant_of(shirt, "M").price) == "13.00"
        again = form_on(response.content.decode())
        superuser.post(page_of(shirt), again)
        assert str(variant_of(shirt, "M").price) == "15.00"

    def test_what_another_has_changed_stays_where_it_was_not_edited(
        self, superuser: Client, shirt: Product
    ) -> None:
        form = form_on(superuser.get(page_of(shirt)).text, **{"variants-0-price": "9.00"})
        reprice(shirt, "M", price=Decimal(13))
        superuser.post(page_of(shirt), form)
        assert [row[2] for row in rows(shirt)] == ["9.00", "13.00"]

    def test_what_was_not_shown_stays(self, superuser: Client, shirt: Product) -> None:
        form = form_on(superuser.get(page_of(shirt)).text, **{"variants-0-stock": "5"})
        edit(superuser, shirt, values_1="L")
        assert superuser.post(page_of(shirt), form).status_code == 302
        assert [(row[0], row[4]) for row in rows(shirt)] == [("S", 5), ("M", 3), ("L", 0)]

    def test_what_another_has_removed_is_told(self, superuser: Client, shirt: Product) -> None:
        edit(superuser, shirt, values_1="L")
        form = form_on(superuser.get(page_of(shirt)).text, **{"variants-0-price": "5"})
        edit(superuser, shirt, variants__1__DELETE="on")
        before = everything()
        response = superuser.post(page_of(shirt), form)
        assert errors_of(response)[1][1]["__all__"] == [
            "Somebody has removed this variant. Tick “Delete” to save without it."
        ]
        assert everything() == before
        assert superuser.post(page_of(shirt), {**form, "variants-1-DELETE": ["on"]}).status_code == 302
        assert [(row[0], row[2]) for row in rows(shirt)] == [("S", "5.00"), ("L", "10.00")]

    def test_a_page_of_several_does_not_change_the_last_one(self, superuser: Client, shirt: Product) -> None:
        """It has shown the sums of both, and sends neither price nor stock for one."""
        form = form_on(superuser.get(page_of(shirt)).text, **{"variants-0-price": "5"})
        edit(superuser, shirt, variants__1__DELETE="on")
        before = everything()
        response = superuser.post(page_of(shirt), {**form, "variants-1-DELETE": ["on"]})
        assert response.context["adminform"].errors.keys() >= {"price", "stock"}
        assert everything() == before

    def test_a_category_that_is_deleted(
        self, superuser: Client, shirt: Product, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        category = make_category()
        form = form_on(superuser.get(page_of(shirt)).text, category=str(category.pk))
        delete_category(category_pk=category.pk)
        assert superuser.post(page_of(shirt), form).status_code == 200


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
        assert superuser.post(page_of(shirt), form).status_code == 302
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


class TestOrder:
    def test_is_that_of_the_positions(self, superuser: Client, shirt: Product) -> None:
        edit(superuser, shirt, variants__0__position="5")
        assert [row[0] for row in rows(shirt)] == ["M", "S"]
        assert [variant.position for variant in shirt.variants.all()] == [0, 1]

    def test_two_rows_swap_values(self, superuser: Client, shirt: Product) -> None:
        small, medium = shirt.variants.all()
        edit(superuser, shirt, variants__0__option_1="M", variants__1__option_1="S")
        assert {variant.pk: variant.title for variant in shirt.variants.all()} == {
            small.pk: "M",
            medium.pk: "S",
        }

    def test_a_row_that_a_script_has_added_is_the_last(self, superuser: Client, shirt: Product) -> None:
        added = {
            "variants-TOTAL_FORMS": "3",
            "variants-2-option_1": "L",
            "variants-2-price": "14",
            "variants-2-discount": "0",
            "variants-2-stock": "2",
            "variants-2-position": "0",
        }
        form = form_on(superuser.get(page_of(shirt)).text, **added)
        assert superuser.post(page_of(shirt), form).status_code == 302
        assert rows(shirt)[2] == ("L", "", "14.00", "14.00", 2)
        assert books_are_right()


class TestRemoval:
    def test_leaves_the_ledger(self, superuser: Client, shirt: Product) -> None:
        assert edit(superuser, shirt, variants__1__DELETE="on").status_code == 302
        assert [row[0] for row in rows(shirt)] == ["S"]
        assert sorted(shirt.movements.values_list("delta", flat=True)) == [-3, 1, 3]
        assert books_are_right()


class TestSearch:
    @pytest.mark.parametrize("term", ["tee-s", " TEE-S ", "4006381333931"])
    def test_finds_the_sku_and_the_barcode(self, superuser: Client, shirt: Product, term: str) -> None:
        make_product(name="Lamp")
        edit(superuser, shirt, variants__0__barcode="4006381333931")
        page = superuser.get(PRODUCTS, {"q": term}).text
        assert page_of(shirt) in page
        assert "Lamp" not in re.findall(r">\s*(Lamp|Shirt)\s*<", page)

    def test_keeps_the_filters(self, superuser: Client, shirt: Product) -> None:
        assert page_of(shirt) not in superuser.get(PRODUCTS, {"q": "tee-s", "available": "no"}).text


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
        page = superuser.get(page_of(shirt)).text
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
        form = form_on(superuser.get(page_of(shirt)).text, **{"variants-0-stock": "5"})
        assert edit(superuser, shirt, images__1__DELETE="on").status_code == 302
        assert superuser.post(page_of(shirt), form).status_code == 302
        assert shown(shirt) == {"S": None, "M": None}
        assert variant_of(shirt, "S").stock == 5

    def test_that_another_tab_has_chosen_are_asked_about(self, superuser: Client, shirt: Product) -> None:
        blue, front = self.key(shirt, "The blue"), self.key(shirt, "The front")
        form = form_on(superuser.get(page_of(shirt)).text, **{"variants-0-image": blue})
        edit(superuser, shirt, variants__0__image=front)
        _, errors = errors_of(superuser.post(page_of(shirt), form))
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
                browser.get(page_of(product))
            return len(captured)

        for browser in (superuser, clerk("view_product")):
            visit(browser, 2)
            assert visit(browser, 2) == visit(browser, 5)
