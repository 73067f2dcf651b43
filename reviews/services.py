"""Writes of comments, each of which keeps the sums of its product's ratings right.

The lock order is comment, then product. A rating counts while its comment is active.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TypedDict

from django.db import IntegrityError, transaction
from django.db.models import F

from accounts.models import User
from backend.errors import NotFound, ValidationError, field_errors
from backend.slugs import save_with_slug
from catalog.models import Product
from catalog.stock import lock_products
from reviews.models import Comment, Report
from reviews.selectors import visible_comments


class CommentChanges(TypedDict, total=False):
    """What is left out stays as it is; a rating of None is taken away."""

    body: str | None
    rating: int | None


@transaction.atomic(durable=True)
def create_comment(*, user: User, product_pk: int, body: str, rating: int | None, now: datetime) -> Comment:
    """NotFound without such a product; ValidationError for a bad body or rating, and for a second rating."""
    comment = Comment(
        user=user, product_id=product_pk, body=body, rating=rating, created_at=now, updated_at=now
    )
    with field_errors():
        comment.clean_fields(exclude={"user", "product", "slug"})
    with one_rating_each():
        save_with_slug(comment, body)
    # After the insert, which may wait for another comment of this person: comment, then product.
    if not lock_products({product_pk}):
        raise NotFound("product")
    count_rating(comment, before=None, after=rating)
    return comment


@transaction.atomic(durable=True)
def update_comment(*, user: User, comment_pk: int, changes: CommentChanges, now: datetime) -> Comment:
    """Locks the comment. NotFound unless it is the person's own; ValidationError as in create_comment."""
    comment = locked_comment(user=user, comment_pk=comment_pk)
    before = comment.rating
    for field, value in changes.items():
        setattr(comment, field, value)
    comment.updated_at = now
    with field_errors():
        comment.clean_fields(exclude={"user", "product", "slug"})
    with one_rating_each():
        comment.save(update_fields=[*changes, "updated_at"])
    if comment.active:
        count_rating(comment, before=before, after=comment.rating)
    return comment


@transaction.atomic(durable=True)
def delete_comment(*, user: User, comment_pk: int) -> None:
    """Locks the comment. NotFound unless it is the person's own."""
    remove(locked_comment(user=user, comment_pk=comment_pk))


@transaction.atomic(durable=True)
def report_comment(*, user: User, comment_pk: int, reason: str, now: datetime) -> Comment:
    """Ask the staff to look at it; a person's second report of the same comment changes nothing.

    Locks the comment, so that it cannot go meanwhile. NotFound for one that the person does not see.
    """
    comment = visible_comments(user).select_for_update().filter(pk=comment_pk).first()
    if comment is None:
        raise NotFound("comment")
    report = Report(comment=comment, user=user, reason=reason, created_at=now)
    with field_errors():
        report.clean_fields(exclude={"comment", "user"})
    Report.objects.bulk_create([report], ignore_conflicts=True)
    return comment


@transaction.atomic(durable=True)
def set_active(comment: Comment, *, active: bool) -> None:
    """Switch a comment off or on, whoever wrote it: for the staff."""
    switch(comment, active=active)


def switch(comment: Comment, *, active: bool) -> None:
    """Take the rating out of the product's sums, or put it back; nothing where it is so already.

    A step of a caller's transaction. Locks the comment by its conditional update.
    """
    if Comment.objects.filter(pk=comment.pk, active=not active).update(active=active):
        comment.refresh_from_db(fields=["active", "rating"])
        rating = comment.rating
        count_rating(comment, before=None if active else rating, after=rating if active else None)


def remove(comment: Comment) -> None:
    """Delete a comment that the caller has locked, with its rating. A step of a caller's transaction."""
    before = comment.rating if comment.active else None
    comment.delete()
    count_rating(comment, before=before, after=None)


def locked_comment(*, user: User, comment_pk: int) -> Comment:
    """The person's own comment, locked until the transaction ends; NotFound for any other."""
    comment = Comment.objects.select_for_update().filter(pk=comment_pk, user=user).first()
    if comment is None:
        raise NotFound("comment")
    return comment


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
def one_rating_each() -> Iterator[None]:
    """Turn the refusal of a person's second rating of a product into a ValidationError."""
    try:
        yield
    except IntegrityError as error:
        # SQLite names the constraint's columns, PostgreSQL the constraint and its columns.
        if "user_id" not in str(error):
            raise
        raise ValidationError.of(rating="You have already rated this product.") from error
