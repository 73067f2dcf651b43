"""Reads of comments: they return unevaluated QuerySets."""

from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.models import User
from orders.models import OrderItem, OrderStatus
from reviews.models import Comment

BOUGHT = (OrderStatus.PAID, OrderStatus.SHIPPED)


def active_comments() -> QuerySet[Comment]:
    """The comments that anyone may see."""
    return Comment.objects.filter(active=True)


def visible_comments(viewer: User | None) -> QuerySet[Comment]:
    """The active comments and the viewer's own, or all for staff with the permission."""
    if viewer is None:
        return active_comments()
    if viewer.acts_as_staff and viewer.has_perm("reviews.view_comment"):
        return Comment.objects.all()
    return Comment.objects.filter(Q(active=True) | Q(user=viewer))


def has_verified_purchase() -> Exists:
    """Whether the comment's author has a paid order with its product."""
    return Exists(
        OrderItem.objects.filter(
            product=OuterRef("product"), order__user=OuterRef("user"), order__status__in=BOUGHT
        )
    )
