"""GraphQL types of policies."""

from typing import Protocol

import strawberry
import strawberry_django
from strawberry import auto

import api
from policies import models
from policies.markdown import render


class HasBody(Protocol):
    body: str


@strawberry_django.type(models.Policy, description="A text that the shop has to show, such as its terms.")
class Policy:
    slug: auto = api.field(description="`returns`, `privacy`, `terms`, `delivery`, `imprint`, or another.")
    title: auto = api.field(description="The title.")
    updated_at: auto = api.field(description="When it was last changed.")

    @api.field(description="The text as HTML, which is safe to show as it is.")
    @staticmethod
    def body(root: strawberry.Parent[HasBody]) -> str:
        return render(root.body)
