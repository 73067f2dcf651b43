"""Several pictures of a product: their order, what the product and its variants show, and what is left of files."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from io import BytesIO, StringIO
from typing import Any, cast

import pytest
from django.core.files.base import File
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from PIL import Image
from pytest_django import DjangoCaptureOnCommitCallbacks

from accounts.models import User
from catalog.fields import ProductFields
from catalog.models import MAX_IMAGES, Product, ProductImage, ProductVariant
from catalog.pictures import PictureFields
from catalog.services import create_product, delete_product, update_product
from core import images
from core.errors import ValidationError
from orders.audit import differences_here
from tests.factories import (
    FILES_OF_A_PICTURE,
    add_pictures,
    make_category,
    make_picture,
    make_product,
    make_seller,
)

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 2, tzinfo=UTC)
BROKEN = SimpleUploadedFile("picture.png", b"no picture")


@pytest.fixture
def seller() -> User:
    return make_seller()


@pytest.fixture
def shirt(seller: User) -> Product:
    """Red and blue, with the pictures front, red and blue. The red one points at its own."""
    product = make_product(
        user=seller, options=["Colour"], variants=[{"values": ["Red"]}, {"values": ["Blue"]}]
    )
    _, red, _ = add_pictures(product, "front", "red", "blue")
    product.variants.filter(option_1="Red").update(image=red)
    return product


def create(seller: User, **fields: Any) -> Product:
    make_category("Light")
    given = {"category": "light", "name": "Lamp", "description": "It shines.", **fields}
    return create_product(user=seller, fields=cast(ProductFields, given), now=NOW)


def change(product: Product, **changes: Any) -> None:
    update_product(user=product.user, product_pk=product.pk, changes=cast(ProductFields, changes), now=NOW)


def kept(*stems: str, **fields: Any) -> list[PictureFields]:
    return [cast(PictureFields, {"id": f"products/{stem}.jpg", **fields}) for stem in stems]


def new(**fields: Any) -> PictureFields:
    return cast(PictureFields, {"upload": make_picture(), **fields})


def stems(product: Product) -> list[str]:
    """Return the pictures in order. The product shows the first one, and the books are right."""
    product.refresh_from_db()
    pictures = list(product.images.all())
    assert product.image.name == (pictures[0].name if pictures else "")
    assert not list(differences_here())
    return [picture.name.removeprefix("products/").removesuffix(".jpg") for picture in pictures]


def shown(product: Product) -> dict[str, str | None]:
    return {
        variant.title: variant.image.name if variant.image else None
        for variant in product.variants.select_related("image")
    }


def files() -> list[str]:
    return default_storage.listdir("products")[1] if default_storage.exists("products") else []


def rows() -> list[Any]:
    return [list(model.objects.order_by("pk").values()) for model in (Product, ProductImage, ProductVariant)]


def refuse(change: Callable[[], object]) -> dict[str, str]:
    """Return the message of each refused field. Nothing has changed, and no file is left behind."""
    before, stored = rows(), files()
    with pytest.raises(ValidationError) as refused:
        change()
    assert (rows(), files()) == (before, stored)
    return {error.field: error.message for error in refused.value.fields}


class TestCreate:
    def test_in_order(self, seller: User) -> None:
        pictures = [new(), new(alt="At night")]
        product = create(seller, price=Decimal(1), stock=1, images=pictures)
        assert len(stems(product)) == 2
        assert [picture.image_alt for picture in product.images.all()] == ["", "At night"]
        assert (product.image_width, product.image_height) == (60, 40)
        assert len(files()) == 2 * FILES_OF_A_PICTURE

    def test_a_file_at_several_places_is_one_picture(self, seller: User) -> None:
        red, blue = make_picture(), make_picture()
        listed = [
            {"option_values": [name], "price": Decimal(1), "stock": 1, "image": upload}
            for name, upload in (("S red", red), ("M red", red), ("S blue", blue), ("M blue", blue))
        ]
        product = create(seller, options=["Choice"], variants=listed, images=[{"upload": red}])
        assert len(stems(product)) == 2
        first, second = (picture.name for picture in product.images.all())
        assert list(shown(product).values()) == [first, first, second, second]

    @pytest.mark.parametrize("wrong", [0, 2])
    def test_one_that_cannot_be_read(self, seller: User, wrong: int) -> None:
        pictures = [new(), new(), new()]
        pictures[wrong] = {"upload": BROKEN}
        refused = refuse(lambda: create(seller, price=Decimal(1), stock=1, images=pictures))
        assert refused.keys() == {f"images.{wrong}"}

    def test_too_many(self, seller: User) -> None:
        pictures = [new() for _ in range(MAX_IMAGES + 1)]
        refused = refuse(lambda: create(seller, price=Decimal(1), stock=1, images=pictures))
        assert refused == {"images": "A product can have at most 20 pictures."}

    def test_both_the_first_and_all(self, seller: User) -> None:
        given = {"image": make_picture(), "images": [new()]}
        assert refuse(lambda: create(seller, price=Decimal(1), stock=1, **given)).keys() == {"image"}


class TestTheWholeList:
    def test_reorders_describes_adds_and_removes(
        self, shirt: Product, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
    ) -> None:
        with django_capture_on_commit_callbacks(execute=True):
            change(shirt, images=[*kept("blue", alt=" From the sea "), new(alt="New"), *kept("red")])
        first, _, last = stems(shirt)
        assert (first, last) == ("blue", "red")
        assert [picture.image_alt for picture in shirt.images.all()] == ["From the sea", "New", "The red"]
        assert (shirt.image_alt, shirt.updated_at) == ("From the sea", NOW)
        change(shirt, images=[])
        assert stems(shirt) == []
        assert shown(shirt) == {"Red": None, "Blue": None}

    def test_files_of_removed_ones_go_after_the_commit(
        self, seller: User, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
    ) -> None:
        product = create(seller, price=Decimal(1), stock=1, images=[new(), new()])
        stays = product.images.all()[1].name
        with django_capture_on_commit_callbacks() as callbacks:
            change(product, images=[{"id": stays}])
        assert len(files()) == 2 * FILES_OF_A_PICTURE
        for callback in callbacks:
            callback()
        assert len(files()) == FILES_OF_A_PICTURE
        assert stays.removeprefix("products/") in files()

    def test_one_that_another_tab_has_deleted_stays_deleted(self, shirt: Product) -> None:
        change(shirt, images=kept("front", "blue"))
        change(shirt, images=kept("red", "blue", "front"))
        assert stems(shirt) == ["blue", "front"]

    def test_the_next_follows_a_removed_first_one(self, shirt: Product) -> None:
        change(shirt, images=kept("red", "blue"))
        assert stems(shirt) == ["red", "blue"]
        change(shirt, images=kept("blue"))
        assert stems(shirt) == ["blue"]
        assert shown(shirt) == {"Red": None, "Blue": None}

    def test_leaves_other_products_alone(self, shirt: Product, seller: User) -> None:
        other = make_product(user=seller)
        add_pictures(other, "one", "two")
        change(shirt, images=kept("blue", "two", "red", "one", "front"))
        assert stems(shirt) == ["blue", "red", "front"]
        assert stems(other) == ["one", "two"]

    def test_equal_positions_follow_by_key(self, shirt: Product) -> None:
        shirt.images.update(position=7)
        assert stems(shirt) == ["front", "red", "blue"]

    def test_other_changes_leave_them_alone(self, shirt: Product) -> None:
        change(shirt, name="Another")
        assert stems(shirt) == ["front", "red", "blue"]
        assert shown(shirt) == {"Red": "products/red.jpg", "Blue": None}

    def test_too_many(self, shirt: Product) -> None:
        pictures = [*kept("front", "red", "blue"), *(new() for _ in range(MAX_IMAGES - 2))]
        assert refuse(lambda: change(shirt, images=pictures)).keys() == {"images"}

    @pytest.mark.parametrize(
        ("picture", "refused"),
        [
            ({}, "images.1"),
            ({"alt": "Nothing"}, "images.1"),
            ({"id": "products/red.jpg", "upload": make_picture()}, "images.1"),
            ({"id": "products/red.jpg", "alt": "x" * 501}, "images.1.alt"),
            ({"id": "products/red.jpg", "alt": "Two\nlines"}, "images.1.alt"),
        ],
    )
    def test_refuses(self, shirt: Product, picture: Any, refused: str) -> None:
        assert refuse(lambda: change(shirt, images=[*kept("blue"), picture])).keys() == {refused}

    def test_takes_as_many_statements_for_many(self, seller: User) -> None:
        def statements(number: int) -> int:
            product = make_product(user=seller)
            names = [f"{number}-{place}" for place in range(number)]
            add_pictures(product, *names)
            with CaptureQueriesContext(connection) as queries:
                change(product, images=[*kept(*names[: number // 2], alt="Changed"), new()])
            return len(queries)

        statements(1)
        assert statements(2) == statements(18)


class TestTheFirst:
    def test_is_replaced(self, shirt: Product) -> None:
        change(shirt, image=make_picture())
        first, *others = stems(shirt)
        assert first not in ("front", "red", "blue")
        assert others == ["red", "blue"]

    def test_is_removed(self, shirt: Product) -> None:
        change(shirt, image=None)
        assert stems(shirt) == ["red", "blue"]

    def test_is_refused_beside_all(self, shirt: Product) -> None:
        assert refuse(lambda: change(shirt, image=None, images=kept("red"))).keys() == {"image"}


class TestVariants:
    @staticmethod
    def listed(product: Product, **changes: Any) -> list[Any]:
        """Return the variants of the input, the first of them changed."""
        variants = [
            {
                "id": variant.pk,
                "option_values": variant.option_values,
                "price": variant.price,
                "stock": variant.stock,
            }
            for variant in product.variants.all()
        ]
        variants[0] |= changes
        return variants

    def test_without_the_field_it_stays(self, shirt: Product) -> None:
        change(shirt, variants=self.listed(shirt, stock=3))
        assert shown(shirt) == {"Red": "products/red.jpg", "Blue": None}

    def test_points_at_one_of_the_product(self, shirt: Product) -> None:
        change(shirt, variants=self.listed(shirt, image_id="products/blue.jpg"))
        assert shown(shirt) == {"Red": "products/blue.jpg", "Blue": None}
        assert stems(shirt) == ["front", "red", "blue"]

    @pytest.mark.parametrize("field", ["image", "image_id"])
    def test_null_shows_the_first(self, shirt: Product, field: str) -> None:
        change(shirt, variants=self.listed(shirt, **{field: None}))
        assert shown(shirt) == {"Red": None, "Blue": None}

    def test_brings_a_new_one(self, shirt: Product) -> None:
        change(shirt, variants=self.listed(shirt, image=make_picture()))
        *others, last = stems(shirt)
        assert others == ["front", "red", "blue"]
        assert shown(shirt)["Red"] == f"products/{last}.jpg"

    def test_of_which_the_picture_is_removed_at_the_same_time(self, shirt: Product) -> None:
        change(shirt, images=kept("blue"), variants=self.listed(shirt, stock=5))
        assert stems(shirt) == ["blue"]
        assert shown(shirt) == {"Red": None, "Blue": None}

    def test_refuses_one_of_another_product(self, shirt: Product, seller: User) -> None:
        add_pictures(make_product(user=seller), "other")
        for name in ("products/other.jpg", "products/none.jpg"):
            refused = refuse(lambda name=name: change(shirt, variants=self.listed(shirt, image_id=name)))  # type: ignore[misc]
            assert refused == {"variants.0.imageId": "This product has no such picture."}

    def test_refuses_one_that_the_same_change_removes(self, shirt: Product) -> None:
        listed = self.listed(shirt, image_id="products/red.jpg")
        refused = refuse(lambda: change(shirt, images=kept("blue"), variants=listed))
        assert refused.keys() == {"variants.0.imageId"}

    def test_refuses_two(self, shirt: Product) -> None:
        listed = self.listed(shirt, image_id="products/red.jpg", image=make_picture())
        assert refuse(lambda: change(shirt, variants=listed)).keys() == {"variants.0.imageId"}

    def test_refuses_the_21st_of_the_product(self, shirt: Product) -> None:
        add_pictures(shirt, *(f"more-{place}" for place in range(MAX_IMAGES - 3)))
        listed = self.listed(shirt, image=make_picture())
        assert refuse(lambda: change(shirt, variants=listed)).keys() == {"images"}

    def test_refuses_what_cannot_be_read(self, shirt: Product) -> None:
        listed: list[Any] = self.listed(shirt, image=cast(File[bytes], BROKEN))
        assert refuse(lambda: change(shirt, variants=listed)).keys() == {"variants.0.image"}


def test_a_deleted_product_takes_all_files_along(
    seller: User, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    product = create(seller, price=Decimal(1), stock=1, images=[new(), new()])
    product.variants.update(image=product.images.last())
    with django_capture_on_commit_callbacks(execute=True):
        delete_product(user=seller, product_pk=product.pk)
    assert files() == []
    assert not ProductImage.objects.exists()


class TestMakeThumbnails:
    def test_makes_what_is_missing(self, seller: User) -> None:
        product = create(seller, price=Decimal(1), stock=1, images=[new(), new()])
        before = {name: default_storage.size(f"products/{name}") for name in files()}
        kind = images.ThumbnailSize.XLARGE, images.ThumbnailFormat.AVIF
        for picture in product.images.all():
            default_storage.delete(images.thumbnail_name(picture.name, *kind))
        add_pictures(product, "lost")
        said, warned = StringIO(), StringIO()
        call_command("make_thumbnails", stdout=said, stderr=warned)
        assert said.getvalue() == "Made 2 thumbnails of 3 pictures.\n"
        assert warned.getvalue() == "1 pictures have no file.\n"
        assert {name: default_storage.size(f"products/{name}") for name in files()} == before
        with default_storage.open(images.thumbnail_name(product.images.all()[1].name, *kind)) as file:
            assert Image.open(BytesIO(file.read())).format == "AVIF"
