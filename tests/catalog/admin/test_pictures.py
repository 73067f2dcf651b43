"""A product's pictures in the admin."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from catalog.models import MAX_IMAGES, Product
from tests.catalog.admin.conftest import (
    change_page,
    form_of,
    list_stored_files,
    new_pictures,
    shown_pictures,
    upload,
)
from tests.factories import (
    FILES_OF_A_PICTURE,
    add_pictures,
    make_product,
)
from tests.staff import clerk

pytestmark = pytest.mark.django_db


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
