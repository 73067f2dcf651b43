"""The mutations of comments. Comments are read through their product."""

import strawberry
from django.db.models import QuerySet
from django.utils import timezone

import api
from core.throttle import Limit
from reviews import models, selectors, services, types

COMMENT_LIMITS = [
    Limit(action="comment", rate="3000/5m", by_address=True),
    Limit(action="comment", rate="1000/5m", by_account=True),
]


@strawberry.type
class Mutation:
    @api.mutation(
        types.CommentResult,
        description="Writes a comment on a product, with or without a rating.",
        limits=COMMENT_LIMITS,
    )
    def create_comment(self, info: api.Info, input: types.CreateCommentInput) -> QuerySet[models.Comment]:
        user = api.require_user(info)
        comment = services.create_comment(
            user=user,
            product_pk=api.key_of(input.product_id, "Product"),
            body=input.body,
            rating=input.rating,
            now=timezone.now(),
        )
        return selectors.visible_comments(user).filter(pk=comment.pk)

    @api.mutation(
        types.CommentResult, description="Changes one of the caller's comments.", limits=COMMENT_LIMITS
    )
    def update_comment(self, info: api.Info, input: types.UpdateCommentInput) -> QuerySet[models.Comment]:
        user = api.require_user(info)
        comment = services.update_comment(
            user=user,
            comment_pk=api.key_of(input.id, "Comment"),
            changes=input.changes(),
            now=timezone.now(),
        )
        return selectors.visible_comments(user).filter(pk=comment.pk)

    @api.mutation(
        types.DeleteCommentResult, description="Deletes one of the caller's comments, with its rating."
    )
    def delete_comment(self, info: api.Info, input: types.DeleteCommentInput) -> types.Deleted:
        user = api.require_user(info)
        key = api.key_of(input.id, "Comment")
        comment = services.delete_comment(user=user, comment_pk=key)
        return types.Deleted(id=api.id_of("Comment", key), product_pk=comment.product_id)

    @api.mutation(
        types.CommentResult,
        description="Reports a comment to the staff. Reporting it again changes nothing.",
        limits=COMMENT_LIMITS,
    )
    def report_comment(self, info: api.Info, input: types.ReportCommentInput) -> QuerySet[models.Comment]:
        user = api.require_user(info)
        comment = services.report_comment(
            user=user, comment_pk=api.key_of(input.id, "Comment"), reason=input.reason, now=timezone.now()
        )
        return selectors.visible_comments(user).filter(pk=comment.pk)
