"""The one schema: the apps' roots merged with what belongs to none of them."""

from collections.abc import Iterator
from typing import Any

import strawberry
from django.conf import settings
from graphql import GraphQLError, OperationDefinitionNode
from strawberry import relay
from strawberry.extensions import SchemaExtension
from strawberry.schema.config import StrawberryConfig
from strawberry.tools import merge_types

import accounts.schema
import catalog.schema
import orders.schema
import reviews.schema
from backend import api
from backend.api.scalars import SCALARS


class Schema(strawberry.Schema):
    def process_errors(self, *_: Any, **__: Any) -> None:
        """Nothing: the view logs faults, once, and what a client did wrong is no fault."""


class NamedOperation(SchemaExtension):
    """Refuses a document of several operations where the request names none: Strawberry would run the first."""

    def on_parse(self) -> Iterator[None]:
        yield
        context = self.execution_context
        definitions = context.graphql_document.definitions if context.graphql_document else ()
        operations = [node for node in definitions if isinstance(node, OperationDefinitionNode)]
        if len(operations) > 1 and context._provided_operation_name is None:
            context.pre_execution_errors = [GraphQLError("Name the operation to run.")]


@strawberry.type(description="What a front end needs to know of this shop.")
class Shop:
    currency: str = strawberry.field(description="ISO 4217.")
    guest_checkout: bool = strawberry.field(description="Whether one can buy without signing in.")
    stripe_publishable_key: str | None = strawberry.field(description="For Stripe.js; null without Stripe.")


@strawberry.type
class Root:
    @strawberry.field
    def shop(self) -> Shop:
        return Shop(
            currency=settings.STORE_CURRENCY,
            guest_checkout=settings.STORE_GUEST_CHECKOUT,
            stripe_publishable_key=settings.STRIPE_PUBLISHABLE_KEY or None,
        )

    @strawberry.field(
        graphql_type=relay.Node | None,
        description="Anything by its id; null where that names nothing, or nothing that the caller may see.",
    )
    def node(self, info: api.Info, id: relay.GlobalID) -> Any:
        return api.node(id, info)


Query = merge_types("Query", (Root, accounts.schema.Query, catalog.schema.Query, orders.schema.Query))
Mutation = merge_types(
    "Mutation",
    (accounts.schema.Mutation, catalog.schema.Mutation, orders.schema.Mutation, reviews.schema.Mutation),
)

schema = Schema(
    query=Query,
    mutation=Mutation,
    extensions=[NamedOperation],
    config=StrawberryConfig(scalar_map=SCALARS),
)
