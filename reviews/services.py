"""Writes of comments, each of which keeps the sums of its product's ratings right.

A product's comments and their sums change under the product's lock, which is taken first, as by whoever deletes
the product. A rating counts while its comment is active.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TypedDict

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F, QuerySet

from accounts.models import User
from catalog.models import Product
from catalog.stock import lock_products
from core.errors import NotFound, ValidationError, field_errors
from core.slugs import save_with_slug
from core.throttle import Limit, count_attempt
from reviews.models import Comment, Report
from reviews.selectors import visible_comments

# Somebody without an address of their own can open accounts at will.
UNVERIFIED_LIMITS = [Limit(action="unverified_comment", rate="5/1h", by_account=True)]


class CommentChanges(TypedDict, total=False):
    """What is left out stays as it is; a rating of None is taken away."""

    body: str | None
    rating: int | None


def create_comment(*, user: User, product_pk: int, body: str, rating: int | None, now: datetime) -> Comment:
    """Write a comment.

    Raises: NotFound without the product; ValidationError for a bad body or rating, a second rating, and where the
    store asks for a verified address; TooManyAttempts.
    Locks: the product.
    """
    if settings.STORE_COMMENTS_NEED_VERIFICATION and not user.email_verified:
        raise ValidationError.of(body="Please verify your e-mail address before you comment.")
    comment = Comment(
        user=user, product_id=product_pk, body=body, rating=rating, created_at=now, updated_at=now
    )
    with field_errors():
        comment.clean_fields(exclude={"user", "product", "slug"})
    if not user.email_verified:
        count_attempt(None, UNVERIFIED_LIMITS, account=str(user.pk))
    return write_comment(comment)


@transaction.atomic(durable=True)
def write_comment(comment: Comment) -> Comment:
    """Write the row, and its rating in the product's sums. Raises: NotFound, ValidationError. Locks: the product."""
    if not lock_products({comment.product_id}):
        raise NotFound("product")
    with refuse_second_rating():
        save_with_slug(comment, comment.body)
    count_rating(comment, before=None, after=comment.rating)
    return comment


@transaction.atomic(durable=True)
def update_comment(*, user: User, comment_pk: int, changes: CommentChanges, now: datetime) -> Comment:
    """Locks the product. NotFound unless the comment is the person's own; ValidationError as for a new one."""
    own = Comment.objects.filter(pk=comment_pk, user=user)
    lock_products_of(own)
    comment = own.first()
    if comment is None:
        raise NotFound("comment")
    before = comment.rating
    for field, value in changes.items():
        setattr(comment, field, value)
    comment.updated_at = now
    with field_errors():
        comment.clean_fields(exclude={"user", "product", "slug"})
    with refuse_second_rating():
        comment.save(update_fields=[*changes, "updated_at"])
    if comment.active:
        count_rating(comment, before=before, after=comment.rating)
    return comment


@transaction.atomic(durable=True)
def delete_comment(*, user: User, comment_pk: int) -> None:
    """Locks the product. NotFound unless the comment is the person's own."""
    if not remove(Comment.objects.filter(pk=comment_pk, user=user)):
        raise NotFound("comment")


@transaction.atomic(durable=True)
def report_comment(*, user: User, comment_pk: int, reason: str, now: datetime) -> Comment:
    """Ask the staff to look at it; a person's second report changes nothing until the staff have kept the comment.

    Locks the comment, so that it cannot go meanwhile. NotFound for one that the person does not see.
    """
    comment = visible_comments(user).select_for_update().filter(pk=comment_pk).first()
    if comment is None:
        raise NotFound("comment")
    report = Report(comment=comment, user=user, reason=reason, created_at=now)
    with field_errors():
        report.clean_fields(exclude={"comment", "user"})
    settled = Report.objects.filter(comment=comment, user=user, settled_at__isnull=False)
    if not settled.update(reason=reason, created_at=now, settled_at=None):
        Report.objects.bulk_create([report], ignore_conflicts=True)
    return comment


@transaction.atomic(durable=True)
def set_active(comments: QuerySet[Comment], *, active: bool) -> None:
    """Switch comments off or on, whoever wrote them: for the staff. Locks their products."""
    switch(comments, active=active)


@transaction.atomic(durable=True)
def keep(comments: QuerySet[Comment], *, now: datetime) -> None:
    """Settle the reports of comments that are fine: for the staff. A fresh report opens the matter again."""
    Report.objects.filter(comment__in=comments.values("pk"), settled_at=None).update(settled_at=now)


def switch(comments: QuerySet[Comment], *, active: bool) -> None:
    """Take the ratings out of the products' sums, or put them back; nothing where it is so already.

    A step of a caller's transaction. Locks the products.
    """
    lock_products_of(comments)
    for comment in comments.filter(active=not active):
        Comment.objects.filter(pk=comment.pk).update(active=active)
        if active:
            count_rating(comment, before=None, after=comment.rating)
        else:
            count_rating(comment, before=comment.rating, after=None)


def remove(comments: QuerySet[Comment]) -> int:
    """Delete comments with their ratings, and tell how many. A step of a caller's transaction. Locks the products."""
    lock_products_of(comments)
    doomed = list(comments.all())
    for comment in doomed:
        if comment.active:
            count_rating(comment, before=comment.rating, after=None)
        comment.delete()
    return len(doomed)


def lock_products_of(comments: QuerySet[Comment]) -> None:
    """No comment of these products changes until the transaction ends: read them after this."""
    lock_products(set(comments.values_list("product", flat=True)))


def count_rating(comment: Comment, *, before: int | None, after: int | None) -> None:
    """Move one rating in the product's sums."""
    if before == after:
        return
    changes = {}
    if before is not None:
        changes[f"rated_{before}"] = F(f"rated_{before}") - 1
    if after is not None:
        changes[f"rated_{after}"] = F(f"rated_{after}") + 1
    Product.objects.filter(pk=comment.product_id).update(**changes)


@contextmanager
def refuse_second_rating() -> Iterator[None]:
    """Turn the refusal of a person's second rating of a product into a ValidationError."""
    try:
        yield
    except IntegrityError as error:
        # SQLite names the constraint's columns, PostgreSQL the constraint and its columns.
        if "user_id" not in str(error):
            raise
        raise ValidationError.of(rating="You have already rated this product.") from error
