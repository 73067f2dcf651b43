from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, cast

import pytest
from django.contrib.auth.models import Group, Permission
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks

from accounts.models import User
from catalog.fields import ProductFields
from catalog.models import MAX_STOCK, Category, Favourite, Product, StockMovement
from catalog.services import add_favourite, create_product, delete_product, remove_favourite, update_product
from core.errors import Forbidden, NotFound, ValidationError, camel_case
from core.text import single_line
from orders.models import Cart, CartItem, Order, OrderItem
from tests.factories import (
    FILES_OF_A_PICTURE,
    get_sellers,
    make_category,
    make_picture,
    make_product,
    make_seller,
    make_staff,
    make_user,
    variant_of,
)
from tests.hostile import hostile_strings, is_name

pytestmark = pytest.mark.django_db

BEFORE = datetime(2026, 3, 1, tzinfo=UTC)
NOW = datetime(2026, 3, 2, tzinfo=UTC)


@pytest.fixture
def seller() -> User:
    return make_seller()


@pytest.fixture
def light() -> Category:
    return make_category("Light")


def fields(**changed: Any) -> ProductFields:
    given = {
        "category": "light",
        "name": "Oak lamp",
        "description": "It shines.",
        "price": Decimal("12.50"),
        "discount": Decimal(10),
        "stock": 5,
        "image": None,
    }
    return cast(ProductFields, given | changed)


def fields_of_refusal(error: ValidationError) -> set[str]:
    return {field.field for field in error.fields}


def files() -> list[str]:
    """Return the names of all stored pictures of products."""
    return sorted(default_storage.listdir("products")[1]) if default_storage.exists("products") else []


INVALID = [
    ("category", "nowhere"),
    ("category", "Light"),  # the name differs from the slug
    ("category", ""),
    ("name", ""),
    ("name", "  \t\n"),
    ("name", "a" * 201),
    ("description", ""),
    ("description", " "),
    ("description", "a" * 10_001),
    ("price", Decimal("-0.01")),
    ("price", Decimal("0.001")),
    ("price", Decimal("10.999")),
    ("price", Decimal("1000000")),
    ("price", Decimal("9" * 38)),
    ("discount", Decimal("-0.01")),
    ("discount", Decimal("100.01")),
    ("discount", Decimal("0.001")),
    ("stock", -1),
    ("stock", MAX_STOCK + 1),
    ("stock", 2**31 - 1),
]


class TestSellers:
    def test_have_the_three_permissions(self) -> None:
        """The group comes with the migrations, before Django makes the permissions of any model."""
        sellers = Group.objects.get(name="Sellers")
        codenames = sellers.permissions.values_list("codename", flat=True)
        assert set(codenames) == {"add_product", "change_product", "delete_product"}
        assert Permission.objects.filter(codename="add_product").count() == 1

    @pytest.mark.django_db(transaction=True)
    @pytest.mark.parametrize("number", [1, 2])
    def test_can_be_made_after_a_transactional_test(self, number: int) -> None:
        """The test before has deleted the group."""
        codenames = get_sellers().permissions.values_list("codename", flat=True)
        assert set(codenames) == {"add_product", "change_product", "delete_product"}


class TestCreateProduct:
    def test_writes_the_row_and_its_ledger(self, seller: User, light: Category) -> None:
        product = create_product(user=seller, fields=fields(), now=NOW)
        product.refresh_from_db()
        assert (product.user, product.category, product.name) == (seller, light, "Oak lamp")
        assert (product.slug, product.description) == ("oak-lamp", "It shines.")
        assert (product.price, product.discount) == (Decimal("12.50"), Decimal(10))
        assert (product.final_price, product.stock) == (Decimal("11.25"), 5)
        assert product.added_at == product.updated_at == NOW
        [movement] = StockMovement.objects.all()
        assert (movement.product, movement.delta, movement.reason) == (product, 5, "set")
        assert (movement.order_uuid, movement.created_at) == (None, NOW)

    def test_without_stock_has_no_movement(self, seller: User, light: Category) -> None:
        create_product(user=seller, fields=fields(stock=0), now=NOW)
        assert not StockMovement.objects.exists()

    def test_stores_the_picture(self, seller: User, light: Category) -> None:
        product = create_product(user=seller, fields=fields(image=make_picture()), now=NOW)
        assert (product.image_width, product.image_height) == (60, 40)
        assert product.image_placeholder.startswith("data:image/webp")
        assert product.image.name in [f"products/{name}" for name in files()]
        assert len(files()) == FILES_OF_A_PICTURE

    @pytest.mark.parametrize(("field", "value"), INVALID)
    def test_refuses(self, seller: User, light: Category, field: str, value: object) -> None:
        with pytest.raises(ValidationError) as refused:
            create_product(user=seller, fields=fields(**{field: value}, image=make_picture()), now=NOW)
        assert fields_of_refusal(refused.value) == {field}
        assert not Product.objects.exists()
        assert not StockMovement.objects.exists()
        assert files() == []

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("price", Decimal(0)),
            ("price", Decimal("999999.99")),
            ("discount", Decimal(100)),
            ("stock", MAX_STOCK),
            ("name", "a" * 200),
            ("description", "a" * 10_000),
        ],
    )
    def test_takes_the_bounds(self, seller: User, light: Category, field: str, value: object) -> None:
        product = create_product(user=seller, fields=fields(**{field: value}), now=NOW)
        product.refresh_from_db()
        assert getattr(product, field) == value

    def test_names_all_wrong_fields_at_once(self, seller: User, light: Category) -> None:
        with pytest.raises(ValidationError) as refused:
            create_product(user=seller, fields=fields(name="", price=Decimal(-1), stock=-1), now=NOW)
        assert fields_of_refusal(refused.value) == {"name", "price", "stock"}

    def test_refuses_what_is_no_picture(self, seller: User, light: Category) -> None:
        upload = SimpleUploadedFile("picture.png", b"<?php echo 1; ?>", content_type="image/png")
        with pytest.raises(ValidationError) as refused:
            create_product(user=seller, fields=fields(image=upload), now=NOW)
        assert fields_of_refusal(refused.value) == {"image"}
        assert (Product.objects.count(), files()) == (0, [])

    @pytest.mark.slow
    def test_takes_hostile_strings_as_they_are(self, seller: User, light: Category) -> None:
        slugs = set()
        for text in hostile_strings():
            name = single_line(text)
            if not is_name(name) or not text.strip():
                with pytest.raises(ValidationError):
                    create_product(user=seller, fields=fields(name=text), now=NOW)
                continue
            product = create_product(user=seller, fields=fields(name=text, description=text), now=NOW)
            product.refresh_from_db()
            assert (product.name, product.description) == (name, text)
            slugs.add(product.slug)
        assert len(slugs) == Product.objects.count() > 400


class TestUpdateProduct:
    def test_changes_what_is_given_and_nothing_else(self, seller: User, light: Category) -> None:
        product = make_product(
            user=seller, name="Oak lamp", category=light, added_at=BEFORE, updated_at=BEFORE
        )
        update_product(user=seller, product_pk=product.pk, changes={"price": Decimal("8.00")}, now=NOW)
        changed = Product.objects.get(pk=product.pk)
        assert (changed.price, changed.final_price, changed.updated_at) == (Decimal(8), Decimal(8), NOW)
        assert (changed.name, changed.category, changed.description) == ("Oak lamp", light, "A thing.")
        assert (changed.stock, changed.discount, changed.added_at) == (10, Decimal(0), BEFORE)

    def test_follows_with_the_slug(self, seller: User) -> None:
        product = make_product(user=seller, name="Oak lamp")
        update_product(user=seller, product_pk=product.pk, changes={"name": "Elm lamp"}, now=NOW)
        changed = Product.objects.get(pk=product.pk)
        assert (changed.name, changed.slug, changed.sort_name) == ("Elm lamp", "elm-lamp", "elm lamp")

    def test_of_every_script(self, seller: User) -> None:
        product = make_product(user=seller, name="काला कमीज")
        update_product(user=seller, product_pk=product.pk, changes={"price": Decimal("8.00")}, now=NOW)
        changed = Product.objects.get(pk=product.pk)
        assert (changed.price, changed.slug) == (Decimal(8), "काला-कमीज")

    def test_books_the_stock(self, seller: User) -> None:
        product = make_product(user=seller, stock=10)
        update_product(user=seller, product_pk=product.pk, changes={"stock": 4}, now=NOW)
        assert Product.objects.get(pk=product.pk).stock == 4
        assert list(StockMovement.objects.values_list("delta", flat=True)) == [-6, 10]

    @pytest.mark.parametrize(("field", "value"), INVALID)
    def test_refuses(self, seller: User, light: Category, field: str, value: object) -> None:
        product = make_product(user=seller, updated_at=BEFORE)
        before = Product.objects.filter(pk=product.pk).values().get()
        changes = cast(ProductFields, {field: value, "image": make_picture()})
        with pytest.raises(ValidationError) as refused:
            update_product(user=seller, product_pk=product.pk, changes=changes, now=NOW)
        assert fields_of_refusal(refused.value) == {field}
        assert Product.objects.filter(pk=product.pk).values().get() == before
        assert (StockMovement.objects.count(), files()) == (1, [])

    @pytest.mark.parametrize("field", sorted(ProductFields.__annotations__.keys() - {"image"}))
    def test_refuses_null(self, seller: User, field: str) -> None:
        product = make_product(user=seller)
        before = Product.objects.filter(pk=product.pk).values().get()
        changes = cast(ProductFields, {field: None})
        with pytest.raises(ValidationError) as refused:
            update_product(user=seller, product_pk=product.pk, changes=changes, now=NOW)
        assert fields_of_refusal(refused.value) == {camel_case(field)}
        assert Product.objects.filter(pk=product.pk).values().get() == before

    def test_replaces_the_picture_after_the_commit(
        self,
        seller: User,
        light: Category,
        django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
    ) -> None:
        product = create_product(user=seller, fields=fields(image=make_picture()), now=BEFORE)
        old = files()
        with django_capture_on_commit_callbacks() as callbacks:
            update_product(user=seller, product_pk=product.pk, changes={"image": make_picture()}, now=NOW)
            assert set(old) < set(files())
        [remove] = callbacks
        remove()
        assert len(files()) == FILES_OF_A_PICTURE
        assert not set(old) & set(files())
        assert str(Product.objects.get(pk=product.pk).image).removeprefix("products/") in files()

    def test_null_takes_the_picture_away(
        self,
        seller: User,
        light: Category,
        django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
    ) -> None:
        product = create_product(user=seller, fields=fields(image=make_picture()), now=BEFORE)
        with django_capture_on_commit_callbacks(execute=True):
            update_product(user=seller, product_pk=product.pk, changes={"image": None}, now=NOW)
        changed = Product.objects.get(pk=product.pk)
        assert (changed.image.name, changed.image_width, changed.image_placeholder) == ("", None, "")
        assert files() == []

    def test_without_a_picture_keeps_it(
        self,
        seller: User,
        light: Category,
        django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
    ) -> None:
        product = create_product(user=seller, fields=fields(image=make_picture()), now=BEFORE)
        with django_capture_on_commit_callbacks(execute=True) as callbacks:
            update_product(user=seller, product_pk=product.pk, changes={"name": "Elm lamp"}, now=NOW)
        assert callbacks == []
        assert Product.objects.get(pk=product.pk).image.name == product.image.name


class TestDeleteProduct:
    def test_takes_the_files_along_after_the_commit(
        self,
        seller: User,
        light: Category,
        django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
    ) -> None:
        product = create_product(user=seller, fields=fields(image=make_picture()), now=BEFORE)
        with django_capture_on_commit_callbacks(execute=True):
            delete_product(user=seller, product_pk=product.pk)
            assert len(files()) == FILES_OF_A_PICTURE
        assert (Product.objects.count(), StockMovement.objects.count(), files()) == (0, 0, [])

    def test_leaves_orders_and_carts_readable(self, seller: User) -> None:
        product, shopper = make_product(user=seller, name="Oak lamp"), make_user()
        key = product.pk
        order = Order.objects.create(user=shopper, currency="USD", amount=Decimal(10))
        variant = variant_of(product)
        OrderItem.objects.create(
            order=order,
            product=product,
            variant=variant,
            name="Oak lamp",
            quantity=1,
            unit_price=Decimal(10),
        )
        CartItem.objects.create(
            cart=Cart.objects.create(user=shopper),
            product=product,
            variant=variant,
            quantity=1,
            product_name="Oak lamp",
            seen_price=Decimal(10),
        )
        Favourite.objects.create(user=shopper, product=product)
        delete_product(user=seller, product_pk=key)
        item = OrderItem.objects.get()
        assert (item.product, item.variant, item.name, item.unit_price) == (
            None,
            None,
            "Oak lamp",
            Decimal(10),
        )
        line = CartItem.objects.get()
        assert (line.product_id, line.variant_id, line.product_name) == (key, variant.pk, "Oak lamp")
        assert not Favourite.objects.exists()


class TestWhoMay:
    """Sellers may change their own products, and staff all of them. To others, a product does not exist."""

    @pytest.mark.parametrize(
        ("make_person", "own", "others"),
        [
            pytest.param(make_user, Forbidden, Forbidden, id="shopper"),
            pytest.param(
                lambda: make_user(is_staff=True), Forbidden, Forbidden, id="staff without permission"
            ),
            pytest.param(
                lambda: make_seller(is_active=False), Forbidden, Forbidden, id="switched-off seller"
            ),
            pytest.param(make_seller, None, NotFound, id="seller"),
            pytest.param(lambda: make_seller(is_staff=True), None, None, id="staff with permission"),
            pytest.param(make_staff, None, None, id="superuser"),
        ],
    )
    def test_change_and_delete(
        self, make_person: Callable[[], User], own: type[Exception] | None, others: type[Exception] | None
    ) -> None:
        person = make_person()
        for product, refusal in ((make_product(user=person), own), (make_product(), others)):
            if refusal is None:
                update_product(user=person, product_pk=product.pk, changes={"name": "Changed"}, now=NOW)
                assert Product.objects.get(pk=product.pk).name == "Changed"
                delete_product(user=person, product_pk=product.pk)
                assert not Product.objects.filter(pk=product.pk).exists()
            else:
                with pytest.raises(refusal):
                    update_product(user=person, product_pk=product.pk, changes={"name": "Changed"}, now=NOW)
                with pytest.raises(refusal):
                    delete_product(user=person, product_pk=product.pk)
                assert Product.objects.get(pk=product.pk).name == product.name

    def test_create(self, light: Category) -> None:
        for person in (make_user(), make_user(is_staff=True), make_seller(is_active=False)):
            with pytest.raises(Forbidden):
                create_product(user=person, fields=fields(image=make_picture()), now=NOW)
        assert (Product.objects.count(), files()) == (0, [])
        for person in (make_seller(), make_staff()):
            assert create_product(user=person, fields=fields(), now=NOW).user == person

    def test_only_what_exists(self, seller: User) -> None:
        with pytest.raises(NotFound):
            update_product(user=seller, product_pk=1, changes={"image": make_picture()}, now=NOW)
        with pytest.raises(NotFound):
            delete_product(user=seller, product_pk=1)
        assert files() == []


class TestFavourites:
    def test_adding_and_removing_twice_changes_nothing(self) -> None:
        user, product = make_user(), make_product()
        for _ in range(2):
            add_favourite(user=user, product_pk=product.pk, now=NOW)
            [favourite] = Favourite.objects.all()
            assert (favourite.user, favourite.product, favourite.added_at) == (user, product, NOW)
        for _ in range(2):
            remove_favourite(user=user, product_pk=product.pk)
            assert not Favourite.objects.exists()

    def test_a_second_adding_keeps_the_time(self) -> None:
        user, product = make_user(), make_product()
        add_favourite(user=user, product_pk=product.pk, now=BEFORE)
        add_favourite(user=user, product_pk=product.pk, now=NOW)
        assert Favourite.objects.get().added_at == BEFORE

    def test_are_each_persons_own(self) -> None:
        ada, bob, product = make_user(), make_user(), make_product()
        add_favourite(user=ada, product_pk=product.pk, now=NOW)
        remove_favourite(user=bob, product_pk=product.pk)
        assert Favourite.objects.get().user == ada

    def test_of_nothing(self) -> None:
        user = make_user()
        with pytest.raises(NotFound):
            add_favourite(user=user, product_pk=1, now=timezone.now())
        with pytest.raises(NotFound):
            remove_favourite(user=user, product_pk=1)
        assert not Favourite.objects.exists()
