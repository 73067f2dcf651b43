"""The one schema: the apps' roots merged with what belongs to none of them."""

from collections.abc import Iterator
from typing import Annotated, Any

import strawberry
from django.conf import settings
from strawberry import relay
from strawberry.extensions import SchemaExtension
from strawberry.schema.config import StrawberryConfig

import accounts.schema
import catalog.schema
import orders.schema
import reviews.schema
from backend import api
from backend.api.scalars import SCALARS
from backend.documents import documents
from backend.limits import Weight, check_variables, weigh


class Schema(strawberry.Schema):
    def process_errors(self, *_: Any, **__: Any) -> None:
        """Nothing: the view logs faults, once, and what a client did wrong is no fault."""


class Prepared(SchemaExtension):
    """Hands over a document that is parsed and valid, and within the limits; and tells what it costs."""

    weight: Weight | None = None

    def on_parse(self) -> Iterator[None]:
        context = self.execution_context
        assert context.query is not None
        variables = context.variables or {}
        check_variables(variables)
        graphql_schema = context.schema._schema
        document = documents.get(context.query, graphql_schema)
        operation = document.operation(context._provided_operation_name)
        self.weight = weigh(graphql_schema, document.ast, operation=operation, variables=variables)
        context.graphql_document = document.ast
        context.pre_execution_errors = document.errors
        yield

    def get_results(self) -> dict[str, Any]:
        if self.weight is None:
            return {}
        return {"cost": {"requested": self.weight.total, "maximum": settings.STORE_MAX_COST}}


@strawberry.type(description="What a front end needs to know of this shop.")
class Shop:
    currency: str = strawberry.field(description="ISO 4217.")
    guest_checkout: bool = strawberry.field(description="Whether one can buy without signing in.")
    stripe_publishable_key: str | None = strawberry.field(description="For Stripe.js; null without Stripe.")


@strawberry.type
class Root:
    @strawberry.field(description="What a front end needs to know before it shows anything.")
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
    def node(
        self,
        info: api.Info,
        id: Annotated[
            relay.GlobalID, strawberry.argument(description="As the object's field `id` tells it.")
        ],
    ) -> Any:
        return api.node(id, info)


@strawberry.type(
    description="What can be read. Nothing here changes anything, not even the visitor's session."
)
class Query(Root, accounts.schema.Query, catalog.schema.Query, orders.schema.Query):
    pass


@strawberry.type(
    description="What can be done. Each answers with a union: the thing, or an error that the shopper can put right."
)
class Mutation(
    accounts.schema.Mutation, catalog.schema.Mutation, orders.schema.Mutation, reviews.schema.Mutation
):
    pass


schema = Schema(
    query=Query,
    mutation=Mutation,
    extensions=[Prepared],
    config=StrawberryConfig(scalar_map=SCALARS),
)
