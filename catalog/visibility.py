"""The rule of who sees which products. Every read of products for shoppers begins with it.

A product is published from `published_at` on. Before that, and while it is a draft, only its seller and the staff see
it. The clock is the application's, asked by each statement, so that a product appears without being saved.
"""

from datetime import datetime
from typing import cast

from django.db.models import Q
from django.utils import timezone

from accounts.models import User
from catalog.models import Product
from core.conditions import Each
from packages.fastgraph.statements import Column, Computed

PUBLISHED_AT = cast(Column, Product._meta.get_field("published_at"))


def current_moment() -> datetime:
    return timezone.now()


def is_published(path: str = "") -> Q:
    """Match published products. `path` leads from the rows to their product: `product__`.

    The first part proves to the databases that the indexes of the lists have the product. The second one is checked for
    each row of a list's index, which nearly always passes.
    """
    column = f"{path}published_at"
    has_come = Q(**{f"{column}__lte": Computed(current_moment, PUBLISHED_AT)})
    return Q(Each(has_come), **{f"{column}__isnull": False})


def is_listed() -> Q:
    """Match the listings and values of published products, by their copy of `added_at`.

    Of a published product it equals `published_at`, and a draft has none. So this is the condition of `is_published`.
    """
    return Q(Each(Q(added_at__lte=Computed(current_moment, PUBLISHED_AT))), added_at__isnull=False)


def is_draft() -> Q:
    return Q(published_at__isnull=True)


def is_to_come() -> Q:
    """Match products whose time has not come. They are the first ones in the indexes of what was added last."""
    moment = Computed(current_moment, PUBLISHED_AT)
    return Q(published_at__isnull=False, published_at__gt=moment, added_at__gt=moment)


def sees_drafts(viewer: User) -> bool:
    """Whether this person sees the products of all sellers before they are published."""
    return viewer.acts_as_staff and viewer.has_perm("catalog.view_product")


def is_seen_by(viewer: User | None, path: str = "") -> Q:
    """Match the products that this person sees: published ones and their own; all of them for the staff."""
    if viewer is None:
        return is_published(path)
    if sees_drafts(viewer):
        return Q()
    return is_published(path) | Q(**{f"{path}user": viewer})
