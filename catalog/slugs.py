"""Slugs follow names, and those of before still lead to the product or the category.

What has a slug now is found by it first, so a new product may take the old slug of another. Each function is a step of
a transaction that has locked the row.
"""

from django.db import IntegrityError, transaction

from catalog.models import Category, OldCategorySlug, OldProductSlug, Product
from core.slugs import add_random_ending, has_base, slug_of


def follow_name(row: Product | Category, *, before: str) -> None:
    """Give the row a slug of its new name, if it had one of its name `before`. One that people have written stays."""
    if has_base(row.slug, base_of(row, before)):
        take_from_name(row)


def take_from_name(row: Product | Category) -> None:
    """Give the row a slug of its name, unless it has one."""
    base = base_of(row, row.name)
    if not has_base(row.slug, base):
        change_slug(row, base)


def base_of(row: Product | Category, name: str) -> str:
    return slug_of(name, fallback=row._meta.model_name or "")


def change_slug(row: Product | Category, wanted: str) -> None:
    """Give the row this slug, or one with a random ending if it is taken. Keep the slug of before."""
    before = row.slug
    try:
        write_slug(row, wanted)
    except IntegrityError:
        write_slug(row, add_random_ending(wanted))
    # The newest row that had the slug keeps it.
    if isinstance(row, Product):
        OldProductSlug.objects.update_or_create(slug=before, defaults={"product": row})
    else:
        OldCategorySlug.objects.update_or_create(slug=before, defaults={"category": row})


@transaction.atomic
def write_slug(row: Product | Category, slug: str) -> None:
    type(row)._default_manager.filter(pk=row.pk).update(slug=slug)
    row.slug = slug
