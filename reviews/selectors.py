"""Reads of comments: they return unevaluated QuerySets."""

from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.models import User
from catalog.visibility import is_seen_by
from orders.models import OrderItem, OrderStatus
from reviews.models import Comment

BOUGHT = (OrderStatus.PAID, OrderStatus.PARTIALLY_SHIPPED, OrderStatus.SHIPPED)


def active_comments() -> QuerySet[Comment]:
    """The comments that everyone sees who sees their product."""
    return Comment.objects.filter(active=True)


def visible_comments(viewer: User | None) -> QuerySet[Comment]:
    """The active comments and the viewer's own, or all for staff with the permission, on products that they see."""
    return comments_on_seen(viewer).filter(is_seen_by(viewer, "product__"))


def comments_on_seen(viewer: User | None) -> QuerySet[Comment]:
    """The comments that the viewer sees of a product that they see."""
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
