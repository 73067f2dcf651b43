"""The admin's pages of products and categories."""

import re
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from html import unescape
from io import BytesIO
from itertools import permutations
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.auth.models import Permission
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from PIL import Image
from pytest_django import Settings

from catalog import categories
from catalog.admin import CategoryAdmin
from catalog.models import MAX_IMAGES, Category, Product, ProductImage, StockMovement
from catalog.previews import product_of
from catalog.visibility import is_published
from core import images
from tests.factories import (
    FILES_OF_A_PICTURE,
    add_pictures,
    make_category,
    make_comment,
    make_product,
    make_staff,
    make_user,
    reprice,
    set_stock,
)
from tests.races.interleaving import slip_in
from tests.staff import browser_of, clerk

pytestmark = pytest.mark.django_db

PRODUCTS = reverse("admin:catalog_product_changelist")
ADD = reverse("admin:catalog_product_add")
CATEGORIES = reverse("admin:catalog_category_changelist")
INDENT = "\u2003\u2003"
ADD_CATEGORY = reverse("admin:catalog_category_add")
NO_PARTS_SENT = {
    f"{parts}-{number}_FORMS": "0"
    for parts in ("images", "variants", "movements")
    for number in ("TOTAL", "INITIAL")
}


def category_page(category: Category) -> str:
    return reverse("admin:catalog_category_change", args=[category.pk])


def change_page(product: Product) -> str:
    return reverse("admin:catalog_product_change", args=[product.pk])


def upload(colour: str = "teal") -> SimpleUploadedFile:
    buffer = BytesIO()
    Image.new("RGB", (60, 40), colour).save(buffer, "PNG")
    return SimpleUploadedFile("picture.png", buffer.getvalue(), content_type="image/png")


def form_of(product: Product, **changes: Any) -> dict[str, Any]:
    """Return the form of a browser that has opened the product's page and edited these fields."""
    day, _, moment = str(product.published_at or " ")[:19].partition(" ")
    shown = {
        "price": str(product.price),
        "discount": str(product.discount),
        "stock": str(product.stock),
        "published_at_0": day,
        "published_at_1": moment,
    }
    return {
        "name": product.name,
        "description": product.description,
        "slug": product.slug,
        "category": str(product.category_id),
        "user": str(product.user_id),
        **shown,
        **{f"initial-{field}": value for field, value in shown.items()},
        **NO_PARTS_SENT,
        **changes,
    }


def new_pictures(*uploads: SimpleUploadedFile, alt: str = "") -> dict[str, Any]:
    """Return the rows of a browser that adds these pictures to a product without any."""
    rows: dict[str, Any] = {"images-TOTAL_FORMS": str(len(uploads)), "images-INITIAL_FORMS": "0"}
    for place, file in enumerate(uploads):
        rows |= {f"images-{place}-image": file, f"images-{place}-image_alt": alt}
        rows[f"images-{place}-position"] = "0"
    return rows


def shown_pictures(pictures: Iterable[ProductImage], **changes: Any) -> dict[str, Any]:
    """Return the rows of a browser that shows these pictures, with changes such as `position_0`."""
    rows: dict[str, Any] = {}
    for place, picture in enumerate(pictures):
        rows[f"images-{place}-id"] = str(picture.pk)
        rows[f"images-{place}-product"] = str(picture.product_id)
        rows[f"images-{place}-image_alt"] = picture.image_alt
        rows[f"initial-images-{place}-image_alt"] = picture.image_alt
        rows[f"images-{place}-position"] = str(picture.position)
    number = str(len(rows) // 5)
    changed = {"images-{1}-{0}".format(*name.rsplit("_", 1)): value for name, value in changes.items()}
    return rows | {"images-TOTAL_FORMS": number, "images-INITIAL_FORMS": number} | changed


def list_form(*products: Product, **changes: str) -> dict[str, str]:
    """Return the form of a browser that has opened the list and edited these fields of its first row."""
    form = {"_save": "Save", "form-TOTAL_FORMS": str(len(products)), "form-INITIAL_FORMS": str(len(products))}
    for index, product in enumerate(products):
        form[f"form-{index}-id"] = str(product.pk)
        for field in ("price", "discount", "stock"):
            form[f"form-{index}-{field}"] = str(getattr(product, field))
            form[f"initial-form-{index}-{field}"] = str(getattr(product, field))
    return form | {f"form-0-{field}": value for field, value in changes.items()}


def movements(product: Product) -> list[int]:
    return list(product.movements.order_by("pk").values_list("delta", flat=True))


def list_stored_files() -> list[str]:
    return default_storage.listdir("products")[1] if default_storage.exists("products") else []


class TestList:
    def test_shows_products(self, superuser: Client) -> None:
        product = make_product(name="Stoneware Mug", price="20.00", discount="25", stock=3)
        page = superuser.get(PRODUCTS).text
        for text in (
            "Stoneware Mug",
            product.category.name,
            product.user.profile.name,
            "15.00 USD",
            "Few left",
        ):
            assert text in page

    def test_shows_thumbnails_without_opening_a_file(self, superuser: Client) -> None:
        product = make_product()
        superuser.post(change_page(product), form_of(product, **new_pictures(upload())))
        product.refresh_from_db()
        for name in list_stored_files():
            default_storage.delete(f"products/{name}")
        page = superuser.get(PRODUCTS).text
        assert (
            default_storage.url(images.thumbnail_name(str(product.image), images.ThumbnailSize.SMALL)) in page
        )

    def test_searches_and_filters(self, superuser: Client) -> None:
        mug = make_product(name="Mug", discount="5", stock=0)
        lamp = make_product(name="Lamp")

        def find_shown(**query: str | int) -> set[str]:
            page = superuser.get(PRODUCTS, query).text
            return {product.name for product in (mug, lamp) if change_page(product) in page}

        assert find_shown() == {"Mug", "Lamp"}
        assert find_shown(q="mu") == {"Mug"}
        assert find_shown(available="yes") == {"Lamp"}
        assert find_shown(available="no") == {"Mug"}
        assert find_shown(on_sale="yes") == {"Mug"}
        assert find_shown(on_sale="no") == {"Lamp"}
        assert find_shown(category__id__exact=mug.category_id) == {"Mug"}
        assert find_shown(user__id__exact=lamp.user_id) == {"Lamp"}

    def test_takes_as_many_statements_for_many(self, superuser: Client) -> None:
        def statements() -> int:
            with CaptureQueriesContext(connection) as queries:
                superuser.get(PRODUCTS)
            return len(queries)

        for _ in range(3):
            make_product()
        statements()  # the first visit reads content types
        few = statements()
        category = make_category()
        for _ in range(27):
            make_product(category=category)
        assert statements() == few

    def test_a_page_is_small(self, superuser: Client) -> None:
        without_rows = len(superuser.get(PRODUCTS).content)  # the sidebar grows with every app
        category, seller = make_category("Kitchen and household goods"), make_user()
        for number in range(60):
            make_product(name=f"{number} {'long name ' * 6}", category=category, user=seller)
        page = superuser.get(PRODUCTS)
        assert len(page.content) - without_rows < 95_000
        assert "instock" not in page.text.lower()
        assert len(superuser.get(PRODUCTS, {"all": ""}).content) - without_rows < 95_000

    def test_is_closed_without_the_right(self) -> None:
        assert clerk().get(PRODUCTS).status_code == 403
        assert clerk("view_product").get(PRODUCTS).status_code == 200


class TestEditingTheList:
    def test_stock_goes_through_the_ledger(self, superuser: Client) -> None:
        product, other = make_product(), make_product()
        superuser.post(PRODUCTS, list_form(product, other, stock="7"))
        product.refresh_from_db()
        assert (product.stock, movements(product), movements(other)) == (7, [10, -3], [10])

    def test_prices_are_discounted_anew(self, superuser: Client) -> None:
        product = make_product(price="10.00")
        before = product.updated_at
        superuser.post(PRODUCTS, list_form(product, price="20.00", discount="10"))
        product.refresh_from_db()
        assert (str(product.final_price), product.stock) == ("18.00", 10)
        assert product.updated_at > before

    def test_what_was_sold_meanwhile_stays_sold(self, superuser: Client) -> None:
        product = make_product()
        form = list_form(product, price="20.00")
        set_stock(product, 4, now=timezone.now())
        superuser.post(PRODUCTS, form)
        product.refresh_from_db()
        assert (str(product.price), product.stock, movements(product)) == ("20.00", 4, [10, -6])

    def test_what_another_edited_meanwhile_stays(self, superuser: Client) -> None:
        product = make_product()
        form = list_form(product, stock="7")
        reprice(product, price=Decimal("30.00"), discount=Decimal(50))
        superuser.post(PRODUCTS, form)
        product.refresh_from_db()
        assert (str(product.price), str(product.final_price), product.stock) == ("30.00", "15.00", 7)

    @pytest.mark.parametrize(
        "changes", [{"price": "-1"}, {"price": "1.005"}, {"discount": "101"}, {"stock": "-1"}, {"stock": "x"}]
    )
    def test_refuses_what_the_api_refuses(self, superuser: Client, changes: dict[str, str]) -> None:
        product = make_product()
        assert superuser.post(PRODUCTS, list_form(product, **changes)).status_code == 200
        after = Product.objects.get(pk=product.pk)
        assert (after.price, after.discount, after.stock) == (product.price, product.discount, 10)
        assert movements(product) == [10]

    def test_needs_the_right(self) -> None:
        product = make_product()
        assert clerk("view_product").post(PRODUCTS, list_form(product, stock="7")).status_code == 403
        assert movements(product) == [10]

    def test_locks_in_the_order_of_checkout(self, superuser: Client) -> None:
        """In the list's own order, two transactions could deadlock."""
        first, second = make_product(), make_product()
        with CaptureQueriesContext(connection) as queries:
            superuser.post(PRODUCTS, list_form(second, first, price="20.00"))
        statements = [query["sql"] for query in queries]
        lock = next(sql for sql in statements if 'ORDER BY "catalog_product"."id" ASC' in sql)
        # The keys are a set. The order of the locks is what counts.
        assert any(f"IN ({one}, {other})" in lock for one, other in permutations((first.pk, second.pk)))
        write = next(sql for sql in statements if sql.startswith('UPDATE "catalog_product"'))
        assert statements.index(lock) < statements.index(write)

    def test_ignores_keys_that_are_none(self, superuser: Client) -> None:
        product = make_product()
        superuser.post(PRODUCTS, list_form(product, stock="7") | {"form-1-id": "x"})
        assert movements(product) == [10, -3]


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


class TestPictures:
    @pytest.fixture
    def product(self) -> Product:
        product = make_product()
        add_pictures(product, "front", "side", "back")
        return product

    @staticmethod
    def stems(product: Product) -> list[str]:
        """Return the pictures in order. The product shows the first."""
        names = list(product.images.values_list("image", flat=True))
        product.refresh_from_db()
        assert product.image.name == (names[0] if names else "")
        return [name.removeprefix("products/").removesuffix(".jpg") for name in names]

    def test_are_shown_without_opening_a_file(self, superuser: Client, product: Product) -> None:
        page = superuser.get(change_page(product)).text
        assert "/media/products/side-small.webp" in page
        assert 'value="The side"' in page

    def test_several_are_added_at_once(self, superuser: Client) -> None:
        product = make_product()
        superuser.post(
            change_page(product), form_of(product, **new_pictures(upload(), upload("red"), alt="A lamp"))
        )
        assert len(self.stems(product)) == 2
        assert product.image_alt == "A lamp"
        assert len(list_stored_files()) == 2 * FILES_OF_A_PICTURE

    def test_are_dragged_and_described(self, superuser: Client, product: Product) -> None:
        before = product.updated_at
        rows = shown_pictures(
            product.images.all(), position_0="2", position_1="0", position_2="1", image_alt_1="The left side"
        )
        superuser.post(change_page(product), form_of(product, **rows))
        assert self.stems(product) == ["side", "back", "front"]
        assert product.image_alt == "The left side"
        assert product.updated_at > before

    def test_are_removed_with_their_files_after_the_commit(
        self, superuser: Client, django_capture_on_commit_callbacks: Callable[..., Any]
    ) -> None:
        product = make_product()
        superuser.post(change_page(product), form_of(product, **new_pictures(upload(), upload("red"))))
        rows = shown_pictures(product.images.all(), DELETE_0="on")
        with django_capture_on_commit_callbacks() as callbacks:
            superuser.post(change_page(product), form_of(product, **rows))
        assert len(self.stems(product)) == 1
        assert len(list_stored_files()) == 2 * FILES_OF_A_PICTURE
        for callback in callbacks:
            callback()
        assert len(list_stored_files()) == FILES_OF_A_PICTURE

    def test_one_that_another_tab_has_deleted_stays_deleted(
        self, superuser: Client, product: Product
    ) -> None:
        rows = shown_pictures(product.images.all(), position_0="2", position_1="1", position_2="0")
        superuser.post(
            change_page(product), form_of(product, **shown_pictures(product.images.all(), DELETE_0="on"))
        )
        assert superuser.post(change_page(product), form_of(product, **rows)).status_code == 302
        assert self.stems(product) == ["back", "side"]

    def test_one_that_another_tab_has_added_stays(self, superuser: Client, product: Product) -> None:
        rows = shown_pictures(product.images.all(), position_0="2", position_1="1", position_2="0")
        add_pictures(product, "new")
        superuser.post(change_page(product), form_of(product, **rows))
        assert self.stems(product) == ["back", "side", "front", "new"]

    def test_a_text_that_another_tab_has_changed_is_asked_about(
        self, superuser: Client, product: Product
    ) -> None:
        rows = shown_pictures(product.images.all(), image_alt_1="Mine")
        product.images.filter(image_alt="The side").update(image_alt="Theirs")
        page = superuser.post(change_page(product), form_of(product, **rows)).text
        assert "Somebody else changed this" in page
        assert product.images.filter(image_alt="Theirs").exists()

    def test_a_text_that_only_another_tab_has_changed_stays(
        self, superuser: Client, product: Product
    ) -> None:
        rows = shown_pictures(product.images.all(), position_0="2", position_1="0", position_2="1")
        product.images.filter(image_alt="The side").update(image_alt="Theirs")
        superuser.post(change_page(product), form_of(product, **rows))
        assert self.stems(product) == ["side", "back", "front"]
        assert product.image_alt == "Theirs"

    def test_the_21st_is_refused(self, superuser: Client, product: Product) -> None:
        add_pictures(product, *(f"more-{place}" for place in range(MAX_IMAGES - 3)))
        page = superuser.post(change_page(product), form_of(product, **new_pictures(upload()))).text
        assert "A product can have at most 20 pictures." in page
        assert len(self.stems(product)) == MAX_IMAGES
        assert list_stored_files() == []

    def test_the_right_to_change_products_is_enough(self, product: Product) -> None:
        rows = shown_pictures(product.images.all(), DELETE_0="on")
        clerk("view_product", "change_product").post(change_page(product), form_of(product, **rows))
        assert self.stems(product) == ["side", "back"]
        assert clerk("view_product").get(change_page(product)).status_code == 200

    def test_another_product_s_are_out_of_reach(self, superuser: Client, product: Product) -> None:
        other = make_product()
        superuser.post(
            change_page(other), form_of(other, **shown_pictures(product.images.all(), DELETE_0="on"))
        )
        assert self.stems(product) == ["front", "side", "back"]
        assert self.stems(other) == []


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


class TestCategories:
    def test_are_listed_with_their_products(self, superuser: Client) -> None:
        category = make_category("Kitchen")
        make_product(category=category)
        assert "Kitchen" in superuser.get(CATEGORIES, {"q": "kit"}).text

    def test_get_a_slug_of_the_name(self, superuser: Client) -> None:
        superuser.post(ADD_CATEGORY, {"name": "Garden & Terrace", "position": "0"})
        category = Category.objects.get()
        assert category.slug == "garden-terrace"
        superuser.post(category_page(category), {"name": "Outdoors", "position": "0"})
        category.refresh_from_db()
        assert (category.name, category.slug) == ("Outdoors", "outdoors")

    def test_names_are_unique(self, superuser: Client) -> None:
        make_category("Kitchen")
        superuser.post(ADD_CATEGORY, {"name": "Kitchen", "position": "0"})
        assert Category.objects.count() == 1

    def form(self, category: Category, **changes: Any) -> dict[str, Any]:
        """Return the form of a browser that has opened the category's page and edited these fields."""
        shown = {
            "name": category.name,
            "parent": str(category.parent_id or ""),
            "position": str(category.position),
        }
        return {**shown, **{f"initial-{field}": value for field, value in shown.items()}, **changes}

    def test_are_shown_as_a_tree(self, superuser: Client) -> None:
        zoo = make_category("Zoo")
        make_category("Cats", parent=make_category("Mammals", parent=zoo))
        make_category("Ants")
        shown = ["Ants", "Zoo", f"{INDENT}Mammals", f"{INDENT * 2}Cats"]
        for page in (CATEGORIES, ADD_CATEGORY, ADD):
            text = unescape(superuser.get(page).text)
            assert [name for name in re.findall(r">[ \n]*([^<>]*?)[ \n]*<", text) if name in shown] == shown

    def test_take_as_many_statements_for_many(self, superuser: Client) -> None:
        def statements() -> int:
            with CaptureQueriesContext(connection) as queries:
                superuser.get(CATEGORIES)
            return len(queries)

        make_category(parent=make_category())
        statements()
        few = statements()
        for _ in range(10):
            make_category(parent=make_category(parent=make_category()))
        assert statements() == few

    def test_are_moved_by_another_parent(self, superuser: Client) -> None:
        top, category = make_category(), make_category()
        below = make_category(parent=category)
        superuser.post(category_page(category), self.form(category, parent=str(top.pk), name="Renamed"))
        category.refresh_from_db()
        below.refresh_from_db()
        assert (category.name, category.sort_name, category.parent) == ("Renamed", "renamed", top)
        assert below.keys_above == [top.pk, category.pk]
        superuser.post(category_page(category), self.form(category, parent=""))
        below.refresh_from_db()
        assert below.keys_above == [category.pk]

    def test_not_below_themselves(self, superuser: Client) -> None:
        category = make_category("Clothes")
        below = make_category("Shirts", parent=category)
        before = list(Category.objects.order_by("pk").values())
        for parent in (category, below):
            answer = superuser.post(category_page(category), self.form(category, parent=str(parent.pk)))
            assert answer.context["adminform"].errors == {
                "parent": [f"“{parent.name}” is “Clothes” itself or below it. Choose another parent."]
            }
        assert list(Category.objects.order_by("pk").values()) == before

    def test_no_deeper_than_five_levels(self, superuser: Client) -> None:
        parent: Category | None = None
        for _ in range(5):
            parent = make_category(parent=parent)
        assert parent is not None
        form = {"name": "Deeper", "position": "0", "parent": str(parent.pk)}
        answer = superuser.post(ADD_CATEGORY, form)
        assert answer.context["adminform"].errors == {
            "parent": ["Categories have at most 5 levels. Choose a parent further up."]
        }
        assert Category.objects.count() == 5

    def test_what_the_form_has_missed_is_told(
        self, superuser: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Somebody else adds a category of the name right after the form was checked."""
        slip_in(monkeypatch, categories, "insert", before=lambda: make_category("Lamps"))
        answer = superuser.post(ADD_CATEGORY, {"name": "Lamps", "position": "0"}, follow=True)
        assert "There is already a category with this name." in answer.text
        assert Category.objects.count() == 0

    def test_positions_are_edited_in_the_list(self, superuser: Client) -> None:
        first, second = make_category("A"), make_category("B")
        form = {"_save": "Save", "form-TOTAL_FORMS": "2", "form-INITIAL_FORMS": "2"}
        for index, category in enumerate((first, second)):
            form |= {
                f"form-{index}-id": str(category.pk),
                f"form-{index}-position": str(2 - index),
                f"initial-form-{index}-position": "0",
            }
        superuser.post(CATEGORIES, form)
        assert list(Category.objects.values_list("name", "position")) == [("B", 1), ("A", 2)]

    def test_the_tree_is_locked_before_any_of_them(self, superuser: Client) -> None:
        """Two moves that each hold one category, and then want all, would wait for each other."""
        category, parent = make_category(), make_category()
        edited = {"_save": "Save", "form-TOTAL_FORMS": "1", "form-INITIAL_FORMS": "1"}
        row = {"form-0-id": str(category.pk), "form-0-position": "7", "initial-form-0-position": "0"}
        for page, form in (
            (category_page(category), self.form(category, parent=str(parent.pk))),
            (CATEGORIES, edited | row),
        ):
            with CaptureQueriesContext(connection) as captured:
                superuser.post(page, form)
            statements = [query["sql"] for query in captured if '"catalog_category"' in query["sql"]]
            locks = [sql for sql in statements if "FOR NO KEY UPDATE" in sql or "FOR UPDATE" in sql]
            if connection.features.has_select_for_update:
                assert locks[0].endswith('FROM "catalog_category" ORDER BY 1 ASC FOR NO KEY UPDATE')
            assert any(sql.startswith("UPDATE") for sql in statements)

    def test_have_a_picture(
        self, superuser: Client, django_capture_on_commit_callbacks: Callable[..., Any]
    ) -> None:
        superuser.post(ADD_CATEGORY, {"name": "Light", "position": "0", "image": upload()})
        category = Category.objects.get()
        assert (category.image_width, category.image_height) == (60, 40)
        first = category.image.name
        with django_capture_on_commit_callbacks(execute=True):
            superuser.post(category_page(category), self.form(category, image=upload("red")))
        category.refresh_from_db()
        assert category.image.name != first
        assert len(default_storage.listdir("categories")[1]) == FILES_OF_A_PICTURE
        with django_capture_on_commit_callbacks(execute=True):
            superuser.post(category_page(category), self.form(category, **{"image-clear": "on"}))
        category.refresh_from_db()
        assert (category.image.name, category.image_width, category.image_placeholder) == ("", None, "")
        assert default_storage.listdir("categories")[1] == []

    def test_with_products_or_children_stay(self, superuser: Client) -> None:
        product = make_product(category=make_category("Shirts", parent=make_category("Clothes")))
        assert product.category.parent is not None
        for category, why in (
            (product.category, "“Shirts” has products. Move them to another category first."),
            (product.category.parent, "“Clothes” has categories below it, such as “Shirts”."),
        ):
            page = reverse("admin:catalog_category_delete", args=[category.pk])
            assert why in superuser.get(page).text
            superuser.post(page, {"post": "yes"})
            chosen = {"action": "delete_selected", "_selected_action": [category.pk]}
            assert why in superuser.post(CATEGORIES, chosen).text
            superuser.post(CATEGORIES, {**chosen, "post": "yes"})
        assert Category.objects.count() == 2
        assert Product.objects.get() == product

    def test_that_got_a_product_meanwhile_stay(
        self, superuser: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        category = make_category("Shirts")
        slip_in(monkeypatch, categories, "lock_tree", before=lambda: make_product(category=category))
        page = reverse("admin:catalog_category_delete", args=[category.pk])
        monkeypatch.setattr(CategoryAdmin, "lock", lambda *_: None)
        assert "“Shirts” has products." in superuser.post(page, {"post": "yes"}, follow=True).text
        assert Category.objects.get() == category

    def test_of_a_selection_all_stay_if_one_must(
        self, superuser: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        one, two = make_category("A"), make_category("B")
        slip_in(monkeypatch, categories, "lock_tree", before=lambda: make_product(category=two))
        chosen = {"action": "delete_selected", "_selected_action": [one.pk, two.pk], "post": "yes"}
        assert "“B” has products." in superuser.post(CATEGORIES, chosen, follow=True).text
        assert list(Category.objects.all()) == [one, two]

    def test_are_deleted(self, superuser: Client) -> None:
        one, two, three = (make_category() for _ in range(3))
        page = reverse("admin:catalog_category_delete", args=[one.pk])
        assert "Yes" in superuser.get(page).text
        superuser.post(page, {"post": "yes"})
        chosen = {"action": "delete_selected", "_selected_action": [two.pk, three.pk], "post": "yes"}
        superuser.post(CATEGORIES, chosen)
        assert not Category.objects.exists()


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


class TestPublication:
    @staticmethod
    def publish(browser: Client, product: Product, day: str, moment: str = "") -> Product:
        form = form_of(product, published_at_0=day, published_at_1=moment)
        answer = browser.post(change_page(product), form)
        assert answer.status_code == 302, answer.context["adminform"].errors
        return Product.objects.get(pk=product.pk)

    @pytest.mark.parametrize(
        ("zone", "moment", "published_at"),
        [
            ("UTC", "", "2027-03-27T00:00:00+00:00"),
            ("Europe/Berlin", "", "2027-03-26T23:00:00+00:00"),
            ("America/New_York", "", "2027-03-27T04:00:00+00:00"),
            ("Europe/Berlin", "17:00", "2027-03-27T16:00:00+00:00"),
        ],
    )
    def test_begins_on_a_day_at_the_shops_midnight(
        self, superuser: Client, settings: Settings, zone: str, moment: str, published_at: str
    ) -> None:
        settings.TIME_ZONE = zone
        product = self.publish(superuser, make_product(published_at=None), "2027-03-27", moment)
        assert product.published_at == product.added_at == datetime.fromisoformat(published_at)

    def test_is_taken_back_by_an_empty_day(self, superuser: Client) -> None:
        product = make_product()
        draft = self.publish(superuser, product, "")
        assert (draft.published_at, draft.added_at) == (None, product.added_at)

    def test_stays_when_another_field_is_edited(self, superuser: Client) -> None:
        product = make_product()
        superuser.post(change_page(product), form_of(product, name="Renamed"))
        renamed = Product.objects.get()
        assert (renamed.name, renamed.published_at) == ("Renamed", product.published_at)

    def test_of_a_day_that_does_not_exist_is_refused(self, superuser: Client) -> None:
        product = make_product()
        form = form_of(product, published_at_0="2027-02-30", published_at_1="")
        answer = superuser.post(change_page(product), form)
        assert "published_at" in answer.context["adminform"].errors
        assert Product.objects.get().published_at == product.published_at

    def test_of_many_at_once(self, superuser: Client) -> None:
        published, draft = make_product(), make_product(published_at=None)
        to_come = make_product(published_at=timezone.now() + timedelta(hours=1))
        chosen = {"_selected_action": [str(product.pk) for product in (published, draft, to_come)]}
        superuser.post(PRODUCTS, {"action": "publish", **chosen})
        assert Product.objects.filter(is_published()).count() == 3
        assert Product.objects.get(pk=published.pk).added_at == published.added_at
        assert Product.objects.get(pk=draft.pk).added_at > draft.added_at
        superuser.post(PRODUCTS, {"action": "unpublish", **chosen})
        assert Product.objects.filter(published_at=None).count() == 3

    def test_is_a_filter_and_a_column(self, superuser: Client) -> None:
        moment = timezone.now() + timedelta(days=1)
        products = {
            "published": make_product(),
            "draft": make_product(published_at=None),
            "to_come": make_product(published_at=moment),
        }
        for value, product in products.items():
            page = superuser.get(PRODUCTS, {"publication": value})
            assert list(page.context["cl"].queryset) == [product]
        page = superuser.get(PRODUCTS)
        assert len(page.context["cl"].result_list) == 3
        assert "Draft" in page.text
        assert f"From {date_format(timezone.localtime(moment), 'j M Y, H:i')}" in page.text

    def test_has_a_preview_link(self, superuser: Client, settings: Settings) -> None:
        settings.STORE_FRONTEND_URL = "https://shop.example"
        product = make_product(name="Café lamp", published_at=None)
        [link] = re.findall(
            r'href="(https://shop.example/[^"]*)"', unescape(superuser.get(change_page(product)).text)
        )
        assert link.startswith("https://shop.example/products/caf%C3%A9-lamp?preview=")
        [token] = parse_qs(urlsplit(link).query)["preview"]
        assert product_of(token) == product.pk
        assert "Show the page" not in superuser.get(ADD).text

    def test_is_not_for_those_who_may_only_look(self) -> None:
        product = make_product()
        browser = clerk("view_product")
        browser.post(PRODUCTS, {"action": "unpublish", "_selected_action": [str(product.pk)]})
        assert Product.objects.get().published_at == product.published_at
