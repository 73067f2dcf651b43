"""GraphQL types of people: what anyone sees of them, and what they see of themselves."""

from typing import TYPE_CHECKING, Annotated

import strawberry
import strawberry_django
from django.db.models import QuerySet
from strawberry import auto, relay

from accounts import models
from backend import api


@strawberry_django.type(models.Profile, description="What anyone may see of a person: a seller, or a comment's author.")
class Profile(relay.Node):
    id: relay.NodeID[int]
    name: auto
    slug: auto
    joined_at: auto

    @api.field(only=["avatar", "avatar_width", "avatar_height", "avatar_placeholder"])
    @staticmethod
    def avatar(root: strawberry.Parent[models.Profile]) -> api.Image | None:
        return api.Image.of(
            root.avatar.name,
            width=root.avatar_width,
            height=root.avatar_height,
            placeholder=root.avatar_placeholder,
        )

    @classmethod
    def visible(cls, info: api.Info) -> QuerySet[models.Profile]:
        return models.Profile.objects.all()
