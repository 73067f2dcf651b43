"""The variants of a product on its page of the admin."""

import re
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from catalog import variants as service
from catalog.categories import delete_category
from catalog.models import Product
from tests.catalog.admin.conftest import PRODUCTS, change_page
from tests.catalog.admin.variants import books_are_right, edit, errors_of, everything, rows
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


class TestRows:
    def test_are_shown_with_the_names_of_the_options(self, superuser: Client, shirt: Product) -> None:
        shirt.variants.filter(option_1="M").update(held=2)
        page = superuser.get(change_page(shirt)).text
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
                page = superuser.get(change_page(sized)).text
            form = form_on(page, **{f"variants-{place}-price": "11.00" for place in range(number)})
            with CaptureQueriesContext(connection) as saved:
                assert superuser.post(change_page(sized), form).status_code == 302
            assert set(sized.variants.values_list("price", flat=True)) == {11}
            return len(shown), len(saved)

        count(2)
        assert count(2) == count(40)

    def test_a_hundred_fit_into_a_request(self, superuser: Client) -> None:
        listed = [{"values": [f"Size {place}", "Red"]} for place in range(100)]
        full = make_product(options=["Size", "Colour"], variants=listed)
        page = superuser.get(change_page(full))
        assert len(page.content) < 1_800_000
        form = form_on(page.text, **{f"variants-{place}-stock": "5" for place in range(100)})
        assert superuser.post(change_page(full), form).status_code == 302
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
        page = browser.get(change_page(shirt))
        assert (page.status_code, "variants-0-price" in form_on(page.text)) == (200, False)
        form = form_on(browser_of(make_staff()).get(change_page(shirt)).text, **{"variants-0-stock": "9"})
        assert browser.post(change_page(shirt), form).status_code == 403
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
        form = form_on(superuser.get(change_page(shirt)).text, **{"variants-1-stock": "10"})
        set_stock(shirt, 1, "M")
        superuser.post(change_page(shirt), form)
        assert variant_of(shirt, "M").stock == 8
        assert books_are_right()

    def test_what_another_has_changed_is_asked_about(self, superuser: Client, shirt: Product) -> None:
        form = form_on(superuser.get(change_page(shirt)).text, **{"variants-1-price": "15.00"})
        reprice(shirt, "M", price=Decimal(13))
        response = superuser.post(change_page(shirt), form)
        assert "Somebody else changed this from “12.00” to “13.00”" in errors_of(response)[1][1]["price"][0]
        assert str(variant_of(shirt, "M").price) == "13.00"
        again = form_on(response.content.decode())
        superuser.post(change_page(shirt), again)
        assert str(variant_of(shirt, "M").price) == "15.00"

    def test_what_another_has_changed_stays_where_it_was_not_edited(
        self, superuser: Client, shirt: Product
    ) -> None:
        form = form_on(superuser.get(change_page(shirt)).text, **{"variants-0-price": "9.00"})
        reprice(shirt, "M", price=Decimal(13))
        superuser.post(change_page(shirt), form)
        assert [row[2] for row in rows(shirt)] == ["9.00", "13.00"]

    def test_what_was_not_shown_stays(self, superuser: Client, shirt: Product) -> None:
        form = form_on(superuser.get(change_page(shirt)).text, **{"variants-0-stock": "5"})
        edit(superuser, shirt, values_1="L")
        assert superuser.post(change_page(shirt), form).status_code == 302
        assert [(row[0], row[4]) for row in rows(shirt)] == [("S", 5), ("M", 3), ("L", 0)]

    def test_what_another_has_removed_is_told(self, superuser: Client, shirt: Product) -> None:
        edit(superuser, shirt, values_1="L")
        form = form_on(superuser.get(change_page(shirt)).text, **{"variants-0-price": "5"})
        edit(superuser, shirt, variants__1__DELETE="on")
        before = everything()
        response = superuser.post(change_page(shirt), form)
        assert errors_of(response)[1][1]["__all__"] == [
            "Somebody has removed this variant. Tick “Delete” to save without it."
        ]
        assert everything() == before
        assert superuser.post(change_page(shirt), {**form, "variants-1-DELETE": ["on"]}).status_code == 302
        assert [(row[0], row[2]) for row in rows(shirt)] == [("S", "5.00"), ("L", "10.00")]

    def test_a_page_of_several_does_not_change_the_last_one(self, superuser: Client, shirt: Product) -> None:
        """It has shown the sums of both, and sends neither price nor stock for one."""
        form = form_on(superuser.get(change_page(shirt)).text, **{"variants-0-price": "5"})
        edit(superuser, shirt, variants__1__DELETE="on")
        before = everything()
        response = superuser.post(change_page(shirt), {**form, "variants-1-DELETE": ["on"]})
        assert response.context["adminform"].errors.keys() >= {"price", "stock"}
        assert everything() == before

    def test_a_category_that_is_deleted(
        self, superuser: Client, shirt: Product, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        category = make_category()
        form = form_on(superuser.get(change_page(shirt)).text, category=str(category.pk))
        delete_category(category_pk=category.pk)
        assert superuser.post(change_page(shirt), form).status_code == 200


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
        form = form_on(superuser.get(change_page(shirt)).text, **added)
        assert superuser.post(change_page(shirt), form).status_code == 302
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
        assert change_page(shirt) in page
        assert "Lamp" not in re.findall(r">\s*(Lamp|Shirt)\s*<", page)

    def test_keeps_the_filters(self, superuser: Client, shirt: Product) -> None:
        assert change_page(shirt) not in superuser.get(PRODUCTS, {"q": "tee-s", "available": "no"}).text
