"""GraphQL types of comments."""

from typing import Annotated, Protocol, cast

import strawberry
import strawberry_django
from django.db.models import QuerySet
from strawberry import auto, relay

import api
from accounts.types import Profile
from catalog.types import Deleted as Deleted
from catalog.types import Product
from reviews import models, selectors
from reviews.services import CommentChanges

NEWEST = api.Sort(("created_at", "slug"), descending=True)


class HasAuthor(Protocol):
    user_id: int | None


@strawberry_django.type(models.Comment, description="A comment on a product, with or without a rating.")
class Comment(relay.Node):
    id: relay.NodeID[int]
    slug: auto = api.field(description="Name for links to the comment.")
    author: Profile = api.field(field_name="user__profile", description="The author's public profile.")
    product: Product = api.field(description="The product that the comment is about.")
    body: auto = api.field(description="The text of the comment, without markup.")
    rating: int | None = strawberry_django.field(description="Rating from 1 to 5; null without a rating.")
    verified_purchase: bool = api.field(
        annotate=selectors.has_verified_purchase(),
        description="Whether the author has a paid order with this product.",
    )
    active: bool = strawberry_django.field(
        description="False if the staff have switched the comment off. Then only they and the author see it."
    )
    created_at: auto = api.field(description="When the comment was written.")
    updated_at: auto = api.field(description="When the comment was last changed.")

    @api.field(description="Whether the caller wrote the comment, and so may change and delete it.")
    @staticmethod
    def is_mine(root: strawberry.Parent[HasAuthor], info: api.Info) -> bool:
        user = api.viewer(info)
        return user is not None and root.user_id == user.pk

    @classmethod
    def visible(cls, info: api.Info) -> QuerySet[models.Comment]:
        return selectors.visible_comments(api.viewer(info))


@strawberry.type(description="A page of comments.")
class CommentConnection(api.Connection[Comment]):
    @classmethod
    def of_product(cls, product: api.HasKey, info: api.Info, *, paging: api.Paging) -> "CommentConnection":
        """Read a page of the product's comments, the newest first."""
        viewer = api.viewer(info)
        page = api.nested_page(
            product,
            info,
            found=selectors.comments_on_seen(viewer) if viewer else selectors.active_comments,
            parent="product_id",
            answer="CommentConnection",
            sort=NEWEST,
            paging=paging,
        )
        return cls(page=page)


@strawberry.input(description="A new comment.")
class CreateCommentInput:
    product_id: relay.GlobalID = strawberry.field(description="ID of the product.")
    body: str = strawberry.field(description="Text of the comment, at most 5,000 characters.")
    rating: int | None = strawberry.field(
        default=None, description="Rating from 1 to 5. A person can rate a product only once."
    )


@strawberry.input(
    description="Changes to a comment. A field left out stays the same; a null rating removes the rating."
)
class UpdateCommentInput:
    id: relay.GlobalID = strawberry.field(description="ID of the comment.")
    body: str | None = strawberry.field(
        default=strawberry.UNSET, description="Text of the comment, at most 5,000 characters."
    )
    rating: int | None = strawberry.field(default=strawberry.UNSET, description="Rating from 1 to 5.")

    def changes(self) -> CommentChanges:
        given = {field: value for field, value in vars(self).items() if value is not strawberry.UNSET}
        del given["id"]
        return cast(CommentChanges, given)


@strawberry.input(description="A comment to delete.")
class DeleteCommentInput:
    id: relay.GlobalID = strawberry.field(description="ID of the comment.")


@strawberry.input(description="A comment to report.")
class ReportCommentInput:
    id: relay.GlobalID = strawberry.field(description="ID of the comment.")
    reason: str = strawberry.field(description="Reason for the staff to read, at most 500 characters.")


CommentResult = Annotated[
    Comment | api.ValidationError | api.NotFound,
    strawberry.union("CommentResult", description="The comment, or why it could not be written or reported."),
]
DeleteCommentResult = Annotated[
    Deleted | api.NotFound,
    strawberry.union(
        "DeleteCommentResult",
        description="The deleted comment's ID and its product, or why it could not be deleted.",
    ),
]
