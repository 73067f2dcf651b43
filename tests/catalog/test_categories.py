"""Writes of the tree of categories: paths, moves, refusals, and what the database guarantees by itself."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.db import IntegrityError, connection, transaction
from django.db.models import ProtectedError
from django.test.utils import CaptureQueriesContext

from catalog import categories
from catalog.categories import (
    create_category,
    delete_category,
    find_wrong_paths,
    move_category,
    rewrite_paths,
)
from catalog.models import MAX_LEVELS, Category, Product
from catalog.selectors import categories_in_tree_order, expand, find_branches
from core import images
from core.errors import NotFound, ValidationError
from tests.factories import make_category, make_picture, make_product, make_products, make_user

pytestmark = pytest.mark.django_db


def rows() -> list[Any]:
    return list(Category.objects.order_by("pk").values())


def make_branch(levels: int, *, parent: Category | None = None) -> list[Category]:
    """Make categories of which each is below the one before."""
    branch: list[Category] = []
    for _ in range(levels):
        parent = make_category(parent=parent)
        branch.append(parent)
    return branch


def path_of(category: Category) -> list[int]:
    """Return the keys from the top to the category, as its parents say."""
    keys: list[int] = []
    step: Category | None = Category.objects.get(pk=category.pk)
    while step:
        keys.insert(0, step.pk)
        step = step.parent
    return keys


def assert_whole() -> None:
    """Check that every path follows the parents."""
    assert not list(find_wrong_paths())
    for category in Category.objects.all():
        assert category.path == "".join(f"/{key}" for key in path_of(category)) + "/"
        assert category.level == len(path_of(category))


def set_path(category: Category, above: str) -> None:
    """Write a wrong path, as only SQL could."""
    Category.objects.filter(pk=category.pk).update(above=above)


class TestCreateCategory:
    def test_below_a_parent(self) -> None:
        clothes = make_category("Clothes")
        shirts = create_category(Category(name="Shirts", parent=clothes, description="With buttons."))
        shirts.refresh_from_db()
        assert (shirts.slug, shirts.path, shirts.level) == ("shirts", f"/{clothes.pk}/{shirts.pk}/", 2)
        assert (clothes.path, clothes.level) == (f"/{clothes.pk}/", 1)
        assert shirts.keys_above == [clothes.pk]
        assert_whole()

    def test_below_a_parent_that_has_moved_since(self) -> None:
        clothes, shirts, new = make_category(), make_category(), Category(name="Long")
        new.parent = Category.objects.get(pk=shirts.pk)
        move_category(category_pk=shirts.pk, parent_pk=clothes.pk)
        create_category(new)
        assert path_of(new) == [clothes.pk, shirts.pk, new.pk]
        assert_whole()

    def test_below_a_parent_that_is_gone(self) -> None:
        parent = make_category()
        new = Category(name="New", parent=Category.objects.get(pk=parent.pk))
        delete_category(category_pk=parent.pk)
        with pytest.raises(NotFound):
            create_category(new)
        assert not Category.objects.exists()

    def test_no_deeper_than_five_levels(self) -> None:
        branch = make_branch(MAX_LEVELS)
        before = rows()
        with pytest.raises(ValidationError, match="at most 5 levels"):
            create_category(Category(name="Deeper", parent=branch[-1]))
        assert rows() == before
        assert branch[-1].level == MAX_LEVELS == 5

    @pytest.mark.parametrize("name", ["Shirts", "SHIRTS", " shirts "])
    def test_siblings_have_different_names(self, name: str) -> None:
        men = make_category("Men")
        make_category("Shirts", parent=men)
        make_category("Shirts")
        before = rows()
        for parent in (men, None):
            with pytest.raises(ValidationError, match="already a category with this name"):
                create_category(Category(name=name, parent=parent))
        assert rows() == before

    def test_others_may_have_the_same_name(self) -> None:
        same = [make_category("Shirts", parent=make_category(name)) for name in ("Men", "Women")]
        slugs = [category.slug for category in same]
        assert slugs[0] == "shirts"
        assert slugs[1].startswith("shirts-")

    def test_the_picture_is_described(self) -> None:
        with images.store_upload(make_picture(), folder="categories", field="image") as picture:
            category = create_category(Category(name="Light"), picture=picture)
        category.refresh_from_db()
        assert (category.image_width, category.image_height) == (60, 40)
        assert category.image_placeholder
        assert default_storage.exists(str(category.image))


class TestMoveCategory:
    def test_with_everything_below(self) -> None:
        top, other = make_category(), make_category()
        [first, second, third] = make_branch(3, parent=top)
        beside = make_category(parent=first)
        move_category(category_pk=first.pk, parent_pk=other.pk)
        for category in (first, second, third, beside):
            category.refresh_from_db()
        assert third.keys_above == [other.pk, first.pk, second.pk]
        assert beside.keys_above == [other.pk, first.pk]
        assert_whole()

    def test_to_the_top_and_back(self) -> None:
        top = make_category()
        [first, second] = make_branch(2, parent=top)
        move_category(category_pk=first.pk, parent_pk=None)
        second.refresh_from_db()
        assert second.keys_above == [first.pk]
        move_category(category_pk=first.pk, parent_pk=top.pk)
        second.refresh_from_db()
        assert second.keys_above == [top.pk, first.pk]
        assert_whole()

    def test_not_below_itself(self) -> None:
        [first, second, third] = make_branch(3)
        before = rows()
        for parent in (first, second, third):
            with pytest.raises(ValidationError, match="itself or below it"):
                move_category(category_pk=first.pk, parent_pk=parent.pk)
        assert rows() == before

    def test_14_may_go_below_146(self) -> None:
        """Its path begins with the same digits, but it is another category."""
        fourteen = Category.objects.create(pk=14, name="Fourteen", slug="fourteen")
        other = Category.objects.create(pk=146, name="146", slug="146")
        child = Category.objects.create(pk=1467, name="Child", slug="child", parent=other)
        assert set(find_branches([14])[14]) == {14}
        move_category(category_pk=fourteen.pk, parent_pk=child.pk)
        assert path_of(fourteen) == [146, 1467, 14]
        assert set(find_branches([14, 146])[146]) == {14, 146, 1467}
        move_category(category_pk=14, parent_pk=None)
        move_category(category_pk=146, parent_pk=14)
        assert path_of(child) == [14, 146, 1467]
        assert_whole()

    def test_no_deeper_than_five_levels(self) -> None:
        [_, second, third] = make_branch(3)
        [moved, _, _] = make_branch(3)
        before = rows()
        with pytest.raises(ValidationError, match="at most 5 levels"):
            move_category(category_pk=moved.pk, parent_pk=third.pk)
        assert rows() == before
        move_category(category_pk=moved.pk, parent_pk=second.pk)
        assert max(category.level for category in Category.objects.all()) == 5
        assert_whole()

    def test_not_beside_a_category_of_its_name(self) -> None:
        men = make_category("Men")
        make_category("Shirts", parent=men)
        moved = make_category("SHIRTS")
        make_category(parent=moved)
        before = rows()
        with pytest.raises(ValidationError, match="already a category with this name"):
            move_category(category_pk=moved.pk, parent_pk=men.pk)
        assert rows() == before

    def test_of_what_is_not_there(self) -> None:
        category = make_category()
        before = rows()
        for keys in ((category.pk, 0), (0, category.pk), (0, None)):
            with pytest.raises(NotFound):
                move_category(category_pk=keys[0], parent_pk=keys[1])
        assert rows() == before

    def test_takes_as_many_statements_for_many(self) -> None:
        def statements(below: int) -> int:
            moved, parent = make_category(), make_category()
            for _ in range(below):
                make_category(parent=make_category(parent=moved))
            with CaptureQueriesContext(connection) as captured:
                move_category(category_pk=moved.pk, parent_pk=parent.pk)
            return len(captured)

        assert statements(0) == statements(20)

    def test_products_stay_in_their_category(self) -> None:
        product = make_product()
        updated_at = product.updated_at
        move_category(category_pk=product.category_id, parent_pk=make_category().pk)
        product.refresh_from_db()
        assert product.updated_at == updated_at
        assert product.category.level == 2


class TestDeleteCategory:
    def test_with_its_picture(self, django_capture_on_commit_callbacks: Callable[..., Any]) -> None:
        with images.store_upload(make_picture(), folder="categories", field="image") as picture:
            category = create_category(Category(name="Light"), picture=picture)
        with django_capture_on_commit_callbacks(execute=True):
            delete_category(category_pk=category.pk)
        assert not Category.objects.exists()
        assert default_storage.listdir("categories")[1] == []

    def test_not_with_categories_below(self) -> None:
        """Its siblings, its children and all products stay."""
        top = make_category("Clothes")
        child = make_category("Shirts", parent=top)
        make_category("Trousers", parent=top)
        make_product(category=make_category(parent=child))
        before, products = rows(), list(Product.objects.values())
        with pytest.raises(ValidationError, match="“Shirts” has categories below it, such as “"):
            delete_category(category_pk=child.pk)
        assert (rows(), list(Product.objects.values())) == (before, products)

    def test_not_with_products(self) -> None:
        product = make_product(category=make_category("Shirts"))
        with pytest.raises(ValidationError, match="“Shirts” has products"):
            delete_category(category_pk=product.category_id)
        assert Product.objects.get() == product

    def test_a_child_leaves_its_siblings(self) -> None:
        top = make_category()
        one, two = make_category(parent=top), make_category(parent=top)
        product = make_product(category=two)
        delete_category(category_pk=one.pk)
        assert set(Category.objects.all()) == {top, two}
        assert Product.objects.get() == product
        assert_whole()

    def test_of_what_is_not_there(self) -> None:
        with pytest.raises(NotFound):
            delete_category(category_pk=1)


class TestTheDatabase:
    """It refuses what would break the tree, whoever writes it."""

    def refuse(self, category: Category, **values: Any) -> None:
        before = rows()
        with pytest.raises(IntegrityError), transaction.atomic():
            Category.objects.filter(pk=category.pk).update(**values)
        assert rows() == before

    def test_another_parent_without_a_path(self) -> None:
        category, other = make_category(), make_category()
        self.refuse(category, parent=other)
        self.refuse(make_category(parent=other), parent=None)

    def test_a_path_without_a_parent(self) -> None:
        category, other = make_category(), make_category()
        self.refuse(category, above=other.path)
        self.refuse(category, above="")

    def test_itself_as_its_parent(self) -> None:
        category = make_category()
        self.refuse(category, parent=category, above=category.path)

    def test_a_sixth_level(self) -> None:
        branch = make_branch(5)
        self.refuse(make_category(), parent=branch[-1], above=branch[-1].path)

    def test_siblings_of_one_name(self) -> None:
        top = make_category("Top")
        make_category("Same", parent=top)
        other = make_category("Other", parent=top)
        self.refuse(other, name="Same", sort_name="same")
        self.refuse(make_category("At the top"), name="Top", sort_name="top")

    def test_a_parent_that_goes(self) -> None:
        [first, _] = make_branch(2)
        with pytest.raises(ProtectedError):
            first.delete()
        assert Category.objects.count() == 2

    def test_a_plain_save_gets_the_path_of_the_parent(self) -> None:
        top = Category.objects.create(name="Top", slug="top")
        child = Category.objects.create(name="Child", slug="child", parent=top)
        child.name = "Renamed"
        child.save()
        assert path_of(child) == [top.pk, child.pk]
        assert_whole()

    def test_paths_are_compared_by_code_points(self) -> None:
        """In another language's order, the range of a path could contain others."""
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT attname, collname FROM pg_attribute JOIN pg_collation ON pg_collation.oid = attcollation "
                    "WHERE attrelid = 'catalog_category'::regclass AND attname IN ('above', 'path')"
                )
                assert dict(cursor.fetchall()) == {"above": "C", "path": "C"}

    def test_a_branch_is_a_range_of_the_index(self) -> None:
        below = Category.objects.filter(path__gte="/1/", path__lt="/1/:").order_by()
        sql, parameters = below.query.sql_with_params()
        explain = "EXPLAIN QUERY PLAN" if connection.vendor == "sqlite" else "EXPLAIN"
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                cursor.execute("SET LOCAL enable_seqscan = off")
            cursor.execute(f"{explain} {sql}", parameters)
            plan = str(cursor.fetchall())
        assert "category_by_path" in plan
        assert "path>?" in plan.replace(" ", "") or "Index Cond" in plan


class TestSelectors:
    def test_branches(self) -> None:
        [first, second, third] = make_branch(3)
        alone = make_category()
        found = find_branches([first.pk, second.pk, alone.pk, 0])
        assert {key: set(keys) for key, keys in found.items()} == {
            first.pk: {first.pk, second.pk, third.pk},
            second.pk: {second.pk, third.pk},
            alone.pk: {alone.pk},
            0: set(),
        }
        assert set(expand(Category.objects.filter(pk=second.pk))) == {second, third}

    def test_tree_order(self) -> None:
        """By position, then by name, each below its parent."""
        last = make_category("Aprons", position=2)
        first = make_category("Shirts", position=1)
        make_category("Ties")
        make_category("Tie")
        for name in ("b", "A"):
            make_category(name, parent=first)
        make_category("below b", parent=Category.objects.get(name="b"))
        make_category("z", parent=last)
        make_category("first of all", parent=last, position=0)
        names = [category.name for category in categories_in_tree_order()]
        assert names == ["Tie", "Ties", "Shirts", "A", "b", "below b", "Aprons", "first of all", "z"]


class TestRewritePaths:
    def test_mends_a_path_and_all_below(self) -> None:
        [first, second, third, fourth] = make_branch(4)
        set_path(third, f"/999/{second.pk}/")
        set_path(fourth, f"/999/{second.pk}/{third.pk}/")
        wrong = {category.pk: right for category, right in find_wrong_paths()}
        assert wrong == {
            third.pk: f"/{first.pk}/{second.pk}/",
            fourth.pk: f"/{first.pk}/{second.pk}/{third.pk}/",
        }
        rewrite_paths()
        assert_whole()

    def test_leaves_a_loop_to_somebody(self) -> None:
        [first, second, third] = make_branch(3)
        Category.objects.filter(pk=first.pk).update(parent=third, above=f"/{third.pk}/")
        before = rows()
        assert {category.pk: right for category, right in find_wrong_paths()} == {
            first.pk: None,
            second.pk: None,
            third.pk: None,
        }
        rewrite_paths()
        assert rows() == before

    def test_nothing_is_wrong(self) -> None:
        make_branch(5)
        make_products(2, user=make_user())
        with CaptureQueriesContext(connection) as captured:
            categories.rewrite_paths()
        assert not [query for query in captured if query["sql"].startswith("UPDATE")]
