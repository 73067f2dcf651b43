"""Adding, changing and deleting a product in the admin."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from catalog.models import Product, StockMovement
from tests.catalog.admin.conftest import (
    ADD,
    PRODUCTS,
    change_page,
    form_of,
    list_form,
    list_stored_files,
    movements,
    new_pictures,
    upload,
)
from tests.factories import (
    FILES_OF_A_PICTURE,
    make_category,
    make_comment,
    make_product,
    make_staff,
    make_user,
    set_stock,
)
from tests.staff import browser_of, clerk

pytestmark = pytest.mark.django_db


class TestAdd:
    def form(self, **changes: Any) -> dict[str, Any]:
        product = Product(
            category=make_category(), user=make_user(), name="Tea Pot", description="Hot.", price=Decimal(5)
        )
        return form_of(product, stock="4", **changes)

    def test_adds_with_slug_stock_and_picture(self, superuser: Client) -> None:
        page = superuser.get(ADD)
        assert page.status_code == 200
        assert "movements-TOTAL_FORMS" not in page.text
        superuser.post(ADD, self.form(**new_pictures(upload(), alt="On a table")))
        product = Product.objects.get()
        assert (product.slug, product.stock, movements(product)) == ("tea-pot", 4, [4])
        assert (product.image_width, product.image_height) == (60, 40)
        assert (bool(product.image_placeholder), product.image_alt) == (True, "On a table")
        assert len(list_stored_files()) == FILES_OF_A_PICTURE

    def test_a_taken_slug_gets_an_ending(self, superuser: Client) -> None:
        make_product(name="Tea Pot")
        superuser.post(ADD, self.form())
        assert Product.objects.filter(slug__startswith="tea-pot-").count() == 1

    @pytest.mark.slow
    def test_too_many_pictures(self, superuser: Client) -> None:
        for _ in range(20):  # with those that are refused, and with those of the API
            superuser.post(ADD, self.form(**new_pictures(SimpleUploadedFile("me.png", b"no picture"))))
        response = superuser.post(ADD, self.form(**new_pictures(upload())))
        assert (response.status_code, response.text[:18]) == (429, "Too many attempts.")
        assert not Product.objects.exists()
        assert list_stored_files() == []
        superuser.post(ADD, self.form())
        browser_of(make_staff()).post(ADD, self.form(name="Another", **new_pictures(upload())))
        assert set(Product.objects.values_list("name", flat=True)) == {"Tea Pot", "Another"}

    def test_refuses_what_is_no_picture(self, superuser: Client) -> None:
        page = superuser.post(
            ADD, self.form(**new_pictures(SimpleUploadedFile("me.png", b"no picture")))
        ).text
        assert "The picture cannot be read" in page
        assert not Product.objects.exists()
        assert list_stored_files() == []

    def test_without_the_right_to_see_people_one_sells_oneself(self) -> None:
        user = make_user(is_staff=True)
        user.user_permissions.set(Permission.objects.filter(codename__in=["add_product", "view_product"]))
        browser = browser_of(user)
        assert browser.get(ADD).status_code == 200
        browser.post(ADD, self.form())
        assert Product.objects.get().user == user


class TestChange:
    def test_shows_the_ledger(self, superuser: Client) -> None:
        product = make_product(stock=12)
        page = superuser.get(change_page(product)).text
        assert "+12" in page
        assert "set by hand" in page

    def test_the_ledger_takes_as_many_statements_for_many(self, superuser: Client) -> None:
        def statements() -> int:
            with CaptureQueriesContext(connection) as queries:
                superuser.get(change_page(product))
            return len(queries)

        product = make_product()
        statements()
        few = statements()
        for stock in range(30):
            set_stock(product, stock, now=timezone.now())
        assert statements() == few

    def test_writes_what_was_edited(self, superuser: Client) -> None:
        product, seller, category = make_product(stock=5), make_user(), make_category()
        changes = {"name": "Another name", "user": str(seller.pk), "category": str(category.pk), "stock": "9"}
        superuser.post(change_page(product), form_of(product, **changes))
        product.refresh_from_db()
        assert (product.name, product.user, product.category) == ("Another name", seller, category)
        assert (product.slug, product.stock, movements(product)) == ("another-name", 9, [5, 4])

    def test_takes_a_slug_of_every_script(self, superuser: Client) -> None:
        product = make_product(name="เสื้อยืด")
        for slug, error in (("काला-कमीज", False), ("काला कमीज", True)):
            page = superuser.post(change_page(product), form_of(product, slug=slug))
            assert (page.status_code == 200 and "Use only letters, digits" in page.text) == error
            product.refresh_from_db()
            assert product.slug == "काला-कमीज"

    def test_what_was_sold_meanwhile_stays_sold(self, superuser: Client) -> None:
        product = make_product()
        form = form_of(product, name="Another name")
        set_stock(product, 4, now=timezone.now())
        superuser.post(change_page(product), form)
        product.refresh_from_db()
        assert (product.name, product.stock, movements(product)) == ("Another name", 4, [10, -6])

    def test_the_ledger_cannot_be_rewritten(self, superuser: Client) -> None:
        product = make_product()
        [movement] = product.movements.all()
        forged = {
            "movements-TOTAL_FORMS": "2",
            "movements-INITIAL_FORMS": "1",
            "movements-0-id": str(movement.pk),
            "movements-0-product": str(product.pk),
            "movements-0-delta": "99",
            "movements-0-DELETE": "on",
            "movements-1-product": str(product.pk),
            "movements-1-delta": "99",
            "movements-1-reason": "set",
        }
        superuser.post(change_page(product), form_of(product, **forged))
        assert movements(product) == [10]

    def test_is_closed_without_the_right(self) -> None:
        product = make_product()
        browser = clerk("view_product")
        assert browser.get(change_page(product)).status_code == 200
        assert browser.post(change_page(product), form_of(product, name="Changed")).status_code == 403
        assert not Product.objects.filter(name="Changed").exists()


class TestDelete:
    def test_takes_the_pictures_along(
        self, superuser: Client, django_capture_on_commit_callbacks: Callable[..., Any]
    ) -> None:
        one, two = make_product(), make_product()
        make_comment(product=one)
        for product in (one, two):
            superuser.post(change_page(product), form_of(product, **new_pictures(upload(), upload("red"))))
        with django_capture_on_commit_callbacks(execute=True):
            superuser.post(reverse("admin:catalog_product_delete", args=[one.pk]), {"post": "yes"})
        assert len(list_stored_files()) == 2 * FILES_OF_A_PICTURE
        with django_capture_on_commit_callbacks(execute=True):
            superuser.post(
                PRODUCTS, {"action": "delete_selected", "_selected_action": [two.pk], "post": "yes"}
            )
        assert list_stored_files() == []
        assert not Product.objects.exists()
        assert not StockMovement.objects.exists()

    def test_is_closed_without_the_right(self) -> None:
        product = make_product()
        page = reverse("admin:catalog_product_delete", args=[product.pk])
        assert clerk("view_product", "change_product").post(page, {"post": "yes"}).status_code == 403
        assert Product.objects.filter(pk=product.pk).exists()


class TestProductsWithSeveralVariants:
    """Their prices and stocks are shown, and cannot be edited as if they were those of one variant."""

    @pytest.fixture
    def shirt(self) -> Product:
        return make_product(
            options=["Size"],
            variants=[{"values": "S", "stock": 1}, {"values": "M", "price": Decimal(12), "stock": 3}],
        )

    def test_the_list_leaves_them_alone(self, superuser: Client, shirt: Product) -> None:
        lamp = make_product()
        before = list(shirt.variants.values())
        form = list_form(shirt, lamp, price="99.00", stock="99", discount="50") | {"form-1-stock": "7"}
        assert superuser.post(PRODUCTS, form).status_code == 302
        shirt.refresh_from_db()
        lamp.refresh_from_db()
        assert (list(shirt.variants.values()), str(shirt.price), lamp.stock) == (before, "10.00", 7)

    def test_the_page_leaves_them_alone(self, superuser: Client, shirt: Product) -> None:
        before = list(shirt.variants.values())
        form = form_of(shirt, name="Tee", price="99.00", stock="99", discount="50")
        assert superuser.post(change_page(shirt), form).status_code == 302
        shirt.refresh_from_db()
        assert (shirt.name, str(shirt.price), shirt.stock) == ("Tee", "10.00", 4)
        assert list(shirt.variants.values()) == before

    @pytest.mark.slow
    def test_the_page_takes_as_many_statements_for_many(self, superuser: Client) -> None:
        def visit(number: int) -> int:
            values = [{"values": [str(place)]} for place in range(number)]
            sized = make_product(options=["Size"], variants=values)
            with CaptureQueriesContext(connection) as captured:
                superuser.get(change_page(sized))
            return len(captured)

        visit(1)
        assert visit(2) == visit(40)

    def test_take_no_further_statements_in_the_list(self, superuser: Client, shirt: Product) -> None:
        def count() -> int:
            with CaptureQueriesContext(connection) as captured:
                superuser.get(PRODUCTS)
            return len(captured)

        few = count()
        for _ in range(5):
            make_product(options=["Size"], variants=[{"values": "S"}, {"values": "M"}])
        assert count() == few
