"""The tree of categories in the admin."""

import re
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from catalog import categories
from catalog.admin import CategoryAdmin
from catalog.models import Category, Product
from tests.catalog.admin.conftest import (
    ADD,
    ADD_CATEGORY,
    CATEGORIES,
    INDENT,
    category_page,
    upload,
)
from tests.factories import (
    FILES_OF_A_PICTURE,
    make_category,
    make_product,
)
from tests.races.interleaving import slip_in

pytestmark = pytest.mark.django_db


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
