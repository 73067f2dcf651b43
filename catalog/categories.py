"""Writes of the tree of categories. Each function is one transaction, or a part of its caller's.

The admin and the import call them within transactions of their own, so these are not durable. Every change of the tree
locks it first, so that no change is based on a path that another is changing.
"""

from collections.abc import Iterator

from django.db import IntegrityError, connection, transaction
from django.db.models import Max, Value
from django.db.models.functions import Concat, Substr
from django.utils.translation import gettext as _

from catalog.listings import LOCK_TREE, list_products_again, move_listings
from catalog.models import MAX_LEVELS, NAME_TAKEN, TOP, Category, keys_in
from catalog.pictures import delete_files_after_commit, set_picture
from catalog.selectors import within
from core import images
from core.errors import NotFound, ValidationError
from core.slugs import save_with_slug

TOO_DEEP = f"Categories have at most {MAX_LEVELS} levels. Choose a parent further up."


def lock_tree() -> None:
    """Let no other transaction change the tree until this one ends, nor list a product in it.

    Call it before products are written: two transactions that have both listed some would wait for each other.

    Locks:
        On PostgreSQL, the tree against listings; then all categories, in order of primary key. With those at the top
        alone, a transaction that waits while they are moved would end up with none.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(LOCK_TREE)
    list(Category.objects.select_for_update(no_key=True).order_by("pk").values_list("pk"))


@transaction.atomic
def create_category(category: Category, *, picture: images.StoredImage | None = None) -> Category:
    """Insert the category below its parent, with a slug of its name.

    Locks:
        The tree.
    Raises:
        NotFound: the parent does not exist.
        ValidationError: the parent is on the lowest level, or a sibling has the name.
    """
    lock_tree()
    return insert(category, picture=picture)


def insert(category: Category, *, picture: images.StoredImage | None = None) -> Category:
    """Do the same as `create_category` for a caller that has locked the tree."""
    category.parent = find_parent(category.parent_id)
    check_parent(category, category.parent)
    set_picture(category, picture)
    try:
        save_with_slug(category, category.slug or category.name)
    except IntegrityError as error:
        raise_if_taken(error)
        raise
    return category


@transaction.atomic
def move_category(*, category_pk: int, parent_pk: int | None) -> None:
    """Move the category with everything below it to another parent, or to the top. Its products are listed there.

    The number of statements does not depend on how much is below.

    Locks:
        The tree.
    Raises:
        NotFound: the category or the parent does not exist.
        ValidationError: the parent is the category itself or below it, the lowest categories would be too deep, or a
            sibling has the name.
    """
    lock_tree()
    category = Category.objects.filter(pk=category_pk).first()
    if category is None:
        raise NotFound(_("No such category."))
    parent = find_parent(parent_pk)
    check_parent(category, parent)
    above = parent.path if parent else TOP
    below = Category.objects.filter(within(category.path)).exclude(pk=category.pk)
    try:
        with transaction.atomic():
            Category.objects.filter(pk=category.pk).update(parent=parent, above=above)
    except IntegrityError as error:
        raise_if_taken(error)
        raise
    moved = f"{above}{category.pk}/"
    below.update(above=Concat(Value(moved), Substr("above", len(category.path) + 1)))
    left, entered = {*category.keys_above}, {*keys_in(above)}
    move_listings(category_pk=category.pk, left=left - entered, entered=entered - left)


@transaction.atomic
def delete_category(*, category_pk: int) -> None:
    """Delete a category that has neither products nor categories below it. Its picture's files follow after the commit.

    Locks:
        The tree, then the category against products that are being added to it.
    Raises:
        NotFound: there is no such category.
        ValidationError: it has products, or categories below it.
    """
    lock_tree()
    category = Category.objects.select_for_update().filter(pk=category_pk).first()
    if category is None:
        raise NotFound(_("No such category."))
    if hindrance := find_hindrance(category):
        raise ValidationError.of(**{"": hindrance})
    category.delete()
    delete_files_after_commit(category.image.name)


def find_hindrance(category: Category) -> str | None:
    """Return why the category cannot be deleted, and what to do; None if it can be.

    Nothing moves up by itself: a child could meet a category of its name there, and products would appear in lists that
    nobody has chosen for them.
    """
    children = list(category.children.values_list("name", flat=True)[:1])
    if children:
        return (
            f"“{category.name}” has categories below it, such as “{children[0]}”. Move or delete them first."
        )
    if category.products.exists():
        return f"“{category.name}” has products. Move them to another category first."
    return None


def check_parent(category: Category, parent: Category | None) -> None:
    """Check that the category can be moved below the parent. Both must be current, as they are under the tree's lock.

    Raises:
        ValidationError: the parent is the category itself or below it, or the lowest categories would be too deep.
    """
    if parent is None:
        return
    if category.pk in (parent.pk, *parent.keys_above):
        raise ValidationError.of(
            parent=f"“{parent.name}” is “{category.name}” itself or below it. Choose another parent."
        )
    levels = 1
    if category.pk is not None:
        lowest = Category.objects.filter(within(category.path)).aggregate(lowest=Max("level"))["lowest"]
        levels = lowest - category.level + 1
    if parent.level + levels > MAX_LEVELS:
        raise ValidationError.of(parent=TOO_DEEP)


def find_parent(pk: int | None) -> Category | None:
    """Return the category with this key as it is now; None for None.

    Raises:
        NotFound: there is none.
    """
    if pk is None:
        return None
    parent = Category.objects.filter(pk=pk).first()
    if parent is None:
        raise NotFound(_("No such category."))
    return parent


def raise_if_taken(error: IntegrityError) -> None:
    """Raise a ValidationError if the database has refused the name of a sibling."""
    if "sort_name" in str(error) or "category_name_once" in str(error):
        raise ValidationError.of(name=NAME_TAKEN) from error


def find_wrong_paths() -> Iterator[tuple[Category, str | None]]:
    """Yield each category whose path differs from its parents, with the right path above it; None in a loop."""
    parents = dict(Category.objects.order_by().values_list("pk", "parent"))
    for category in Category.objects.order_by("pk"):
        keys: list[int] = []
        key = category.parent_id
        while key is not None and key not in keys:
            keys.insert(0, key)
            key = parents[key]
        right = None if key is not None else TOP + "".join(f"{each}/" for each in keys)
        if right != category.above:
            yield category, right


@transaction.atomic
def rewrite_paths() -> None:
    """Write the paths again from the parents, except in a loop, which somebody must open. List the products by them.

    Locks:
        The tree.
    """
    lock_tree()
    for category, right in find_wrong_paths():
        if right is not None:
            Category.objects.filter(pk=category.pk).exclude(above=right).update(above=right)
            list_products_again(category.pk)
