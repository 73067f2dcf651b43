"""GraphQL types of comments."""

from typing import Annotated, Protocol

import strawberry
import strawberry_django
from django.db.models import QuerySet
from strawberry import auto, relay

import api
from accounts.types import Profile
from catalog.types import Product
from reviews import models, selectors
from reviews.services import CommentChanges

NEWEST = api.Sort(("created_at", "slug"), descending=True)


class HasAuthor(Protocol):
    user_id: int | None


@strawberry_django.type(
    models.Comment, description="What somebody says about a product, with a rating or without."
)
class Comment(relay.Node):
    id: relay.NodeID[int]
    slug: auto = api.field(description="For a link to the comment.")
    author: Profile = api.field(field_name="user__profile", description="Who wrote it.")
    product: Product = api.field(description="What it is about.")
    body: auto = api.field(description="Plain text.")
    rating: int | None = strawberry_django.field(description="1 to 5; null where the comment does not rate.")
    verified_purchase: bool = api.field(
        annotate=selectors.has_verified_purchase(),
        description="The author has a paid order with this product.",
    )
    active: bool = strawberry_django.field(
        description="False once the staff have switched it off; then only they and its author see it."
    )
    created_at: auto = api.field(description="When it was written.")
    updated_at: auto = api.field(description="When it was last changed.")

    @api.field(description="Whether the caller wrote it, and so may edit and delete it.")
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
        """The product's comments, the newest first."""
        page = api.nested_page(
            product,
            info,
            found=Comment.visible(info) if api.viewer(info) else selectors.active_comments,
            parent="product_id",
            answer="CommentConnection",
            sort=NEWEST,
            paging=paging,
        )
        return cls(page=page)


@strawberry.input(description="A new comment.")
class CreateCommentInput:
    product_id: relay.GlobalID = strawberry.field(description="Of the product.")
    body: str = strawberry.field(description="At most 5,000 characters.")
    rating: int | None = strawberry.field(
        default=None, description="1 to 5. A person rates a product once, in any one of their comments."
    )


@strawberry.input(description="A field left out stays as it is; a rating given as null is taken away.")
class UpdateCommentInput:
    id: relay.GlobalID = strawberry.field(description="Of the comment.")
    body: str | None = strawberry.field(default=strawberry.UNSET, description="At most 5,000 characters.")
    rating: int | None = strawberry.field(default=strawberry.UNSET, description="1 to 5.")

    def changes(self) -> CommentChanges:
        changes = CommentChanges()
        if self.body is not strawberry.UNSET:
            changes["body"] = self.body
        if self.rating is not strawberry.UNSET:
            changes["rating"] = self.rating
        return changes


@strawberry.input(description="A comment to delete.")
class DeleteCommentInput:
    id: relay.GlobalID = strawberry.field(description="Of the comment.")


@strawberry.input(description="A comment to report.")
class ReportCommentInput:
    id: relay.GlobalID = strawberry.field(description="Of the comment.")
    reason: str = strawberry.field(description="For the staff; at most 500 characters.")


CommentResult = Annotated[Comment | api.ValidationError | api.NotFound, api.result("CommentResult")]
DeleteCommentResult = Annotated[api.Deleted | api.NotFound, api.result("DeleteCommentResult")]
