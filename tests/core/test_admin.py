"""Two people edit the same row in the admin, on every page with a form."""

from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from catalog.models import Category, Product
from core.admin import ModelAdmin
from tests.factories import (
    make_category,
    make_comment,
    make_picture,
    make_product,
    make_staff,
    make_user,
    reprice,
    set_stock,
)
from tests.staff import browser_of, form_on

pytestmark = pytest.mark.django_db

PRODUCTS = reverse("admin:catalog_product_changelist")


@pytest.fixture
def ada() -> Client:
    return browser_of(make_staff())


def change_page(row: Any) -> str:
    return reverse(f"admin:{row._meta.label_lower.replace('.', '_')}_change", args=[row.pk])


def open_form(browser: Client, row: Any, **edits: str | list[str]) -> dict[str, list[str]]:
    return form_on(browser.get(change_page(row)).text, **edits)


def save(browser: Client, row: Any, form: dict[str, list[str]]) -> Any:
    """Return the response: 302 if the row was written, 200 if the form is shown again."""
    return browser.post(change_page(row), form)


def test_every_page_of_the_house_takes_care() -> None:
    ours = ("accounts", "catalog", "orders", "reviews", "auth", "pricing")
    for model, page in admin.site._registry.items():
        assert isinstance(page, ModelAdmin) or model._meta.app_label not in ours, model


class TestAProduct:
    def test_what_another_changed_in_another_field_stays(self, ada: Client) -> None:
        product = make_product(name="Lamp", description="It\nshines.")
        form = open_form(ada, product, description="It glows.", price="12")
        category = make_category()
        Product.objects.filter(pk=product.pk).update(name="Torch", category=category)
        assert save(ada, product, form).status_code == 302
        product.refresh_from_db()
        assert (product.name, product.description, product.category) == ("Torch", "It glows.", category)
        assert str(product.price) == "12.00"

    def test_nothing_edited_writes_nothing(self, ada: Client) -> None:
        product = make_product(name=" Lamp ", description="It\r\nshines.\rStill.\n")
        form = open_form(ada, product)
        Product.objects.filter(pk=product.pk).update(
            name="Torch", description="x", stock=3, price=1, final_price=1
        )
        before = Product.objects.values().get()
        assert save(ada, product, form).status_code == 302
        assert Product.objects.values().get() == before

    @pytest.mark.parametrize(
        ("field", "theirs", "ours"),
        [("name", "Torch", "Lantern"), ("description", "New", "Newer"), ("price", "30.00", "20.00")],
    )
    def test_the_same_field_is_asked_about_and_a_second_save_decides(
        self, ada: Client, field: str, theirs: str, ours: str
    ) -> None:
        product = make_product(name="Lamp", discount=0)
        form = open_form(ada, product, **{field: ours, "stock": "12"})
        changes = {field: theirs, **({"final_price": theirs} if field == "price" else {})}
        Product.objects.filter(pk=product.pk).update(**changes)
        response = save(ada, product, form)
        assert response.status_code == 200
        assert f"to “{theirs}” while you were editing" in response.text
        product.refresh_from_db()
        assert (str(getattr(product, field)), product.stock) == (theirs, 10)
        again = form_on(response.text)
        assert again[field] == [ours]
        assert save(ada, product, again).status_code == 302
        product.refresh_from_db()
        assert (str(getattr(product, field)), product.stock) == (ours, 12)

    def test_a_third_change_is_asked_about_again(self, ada: Client) -> None:
        product = make_product(name="Lamp")
        form = open_form(ada, product, name="Lantern")
        Product.objects.update(name="Torch")
        again = form_on(save(ada, product, form).text)
        Product.objects.update(name="Candle")
        assert "“Candle”" in save(ada, product, again).text
        assert Product.objects.get().name == "Candle"

    def test_the_same_change_by_both_is_none(self, ada: Client) -> None:
        product = make_product(name="Lamp")
        form = open_form(ada, product, name="Torch")
        Product.objects.update(name="Torch")
        assert save(ada, product, form).status_code == 302

    def test_a_category_is_named_not_numbered(self, ada: Client) -> None:
        product, mine, theirs = make_product(), make_category("Mine"), make_category("Theirs")
        form = open_form(ada, product, category=str(mine.pk))
        Product.objects.update(category=theirs)
        assert "to “Theirs” while you were editing" in save(ada, product, form).text

    def test_a_picture_of_another_is_asked_about(self, ada: Client) -> None:
        category = make_category()
        form = open_form(ada, category)
        Category.objects.update(image="categories/theirs.jpg")
        response = ada.post(change_page(category), {**form, "image": make_picture()})
        assert "to “categories/theirs.jpg” while you were editing" in response.text
        assert Category.objects.get().image.name == "categories/theirs.jpg"

    @pytest.mark.parametrize(("typed", "stock", "delta"), [("12", 10, 5), ("5", 3, -2)])
    def test_stock_over_a_sale_is_the_difference(
        self, ada: Client, typed: str, stock: int, delta: int
    ) -> None:
        product = make_product(stock=7)
        form = open_form(ada, product, stock=typed)
        set_stock(product, 5, now=timezone.now())
        assert save(ada, product, form).status_code == 302
        product.refresh_from_db()
        assert (product.stock, product.movements.first().delta) == (stock, delta)  # type: ignore[union-attr]

    def test_more_than_is_left_cannot_go(self, ada: Client) -> None:
        product = make_product(stock=7)
        form = open_form(ada, product, stock="1", name="Torch")
        set_stock(product, 5, now=timezone.now())
        assert (
            "This was 7 when you opened the page and is 5 now, so it cannot go down by 6. Enter a number again."
            in save(ada, product, form).text
        )
        product.refresh_from_db()
        assert (product.stock, product.name == "Torch") == (5, False)


class TestTheListOfProducts:
    def edit(self, browser: Client, **edits: str) -> dict[str, list[str]]:
        return form_on(browser.get(PRODUCTS).text, _save="Save", **edits)

    def test_differences_of_stock_and_conflicts_of_prices(self, ada: Client) -> None:
        product = make_product(stock=7)
        form = self.edit(ada, **{"form-0-stock": "12"})
        set_stock(product, 5, now=timezone.now())
        assert ada.post(PRODUCTS, form).status_code == 302
        assert Product.objects.get().stock == 10
        form = self.edit(ada, **{"form-0-price": "20"})
        reprice(product, price=30)
        set_stock(product, 2)
        response = ada.post(PRODUCTS, form)
        assert "to “30.00” while you were editing" in response.text
        assert Product.objects.filter(price=30, stock=2).exists()
        assert ada.post(PRODUCTS, form_on(response.text, _save="Save")).status_code == 302
        assert Product.objects.filter(price=20, stock=2).exists()


class TestTheOthers:
    def test_a_category(self, ada: Client) -> None:
        category = make_category("Lamps")
        form = open_form(ada, category, name="Lights")
        Category.objects.update(name="Torches")
        assert "“Torches”" in save(ada, category, form).text
        assert Category.objects.get().name == "Torches"

    def test_a_user_and_the_profile(self, ada: Client) -> None:
        user = make_user(first_name="Grace")
        form = open_form(ada, user, first_name="Ada", **{"profile-0-name": "Countess"})
        group = Group.objects.create(name="Clerks")
        User.objects.filter(pk=user.pk).update(last_name="King", is_active=False)
        user.groups.add(group)
        assert save(ada, user, form).status_code == 302
        user = User.objects.get(pk=user.pk)
        assert (user.first_name, user.last_name, user.is_active, user.profile.name) == (
            *("Ada", "King", False),
            "Countess",
        )
        assert list(user.groups.all()) == [group]

    def test_a_profile_that_another_renamed(self, ada: Client) -> None:
        user = make_user()
        form = open_form(ada, user, first_name="Grace", **{"profile-0-name": "Countess"})
        user.profile.name = "Lovelace"
        user.profile.save()
        assert "to “Lovelace” while you were editing" in save(ada, user, form).text
        user = User.objects.get(pk=user.pk)
        assert (user.first_name == "Grace", user.profile.name) == (False, "Lovelace")

    def test_groups_that_were_shown_empty(self, ada: Client) -> None:
        user = make_user()
        mine, theirs = (Group.objects.create(name=name) for name in ("Mine", "Theirs"))
        form = open_form(ada, user, groups=[str(mine.pk)], email="not an address")
        response = save(ada, user, form)
        assert response.status_code == 200
        form = form_on(response.text, email=user.email)
        user.groups.add(theirs)
        response = save(ada, user, form)
        assert "to “Theirs” while you were editing" in response.text
        assert save(ada, user, form_on(response.text)).status_code == 302
        assert list(user.groups.all()) == [mine]

    def test_a_group(self, ada: Client) -> None:
        group = Group.objects.create(name="Clerks")
        form = open_form(ada, group, permissions=["1", "2"])
        Group.objects.filter(pk=group.pk).update(name="Staff")
        assert save(ada, group, form).status_code == 302
        group.refresh_from_db()
        assert (group.name, group.permissions.count()) == ("Staff", 2)

    def test_a_comment_that_another_switched_off(self, ada: Client) -> None:
        comment = make_comment()
        form = open_form(ada, comment)
        type(comment).objects.update(active=False)
        assert save(ada, comment, form).status_code == 302
        comment.refresh_from_db()
        assert not comment.active
