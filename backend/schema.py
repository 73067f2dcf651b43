"""The root schema: the apps' roots merged with the fields that belong to no app."""

from typing import Annotated, Any

import graphql
import strawberry
from django.conf import settings
from graphql import GraphQLError, OperationDefinitionNode, OperationType
from strawberry import relay
from strawberry.schema.config import StrawberryConfig
from strawberry.types import ExecutionResult

import accounts.schema
import api
import catalog.schema
import orders.schema
import reviews.schema
from accounts.types import Country
from api.context import Context
from api.public import is_public
from api.scalars import SCALARS
from backend.http import budget
from backend.http.documents import Document, documents
from backend.http.limits import check_variables, check_weight
from backend.replicas import replicas
from core.logs import note
from core.metrics import OTHER
from core.places import list_countries
from core.tracing import span
from packages.replicas import LOST
from policies.selectors import shown_policies
from policies.types import Policy
from pricing.selectors import served_countries


class MutationByGet(Exception):
    """The operation is a mutation, but only queries are allowed."""


def is_lost(result: graphql.ExecutionResult) -> bool:
    """Whether the database went away under the operation."""
    return any(isinstance(error.original_error, LOST) for error in result.errors or ())


def require_query(operation: OperationDefinitionNode) -> None:
    if operation.operation is not OperationType.QUERY:
        raise MutationByGet


class Schema(strawberry.Schema):
    def run(
        self,
        text: str,
        *,
        variables: dict[str, Any],
        operation_name: str | None,
        context: Context,
        only_queries: bool,
    ) -> ExecutionResult:
        """Run an operation if it is within the limits. Its cost is in the extensions.

        Raises:
            MutationByGet: `only_queries`, and it is a mutation.
        """
        extensions: dict[str, Any] = {}
        try:
            check_variables(variables)
            document = documents.get(text, self)
            operation = document.operation(operation_name)
            if only_queries:
                require_query(operation)
            weight = document.weight(operation, variables)
            extensions["cost"] = {"requested": weight.total, "maximum": settings.STORE_MAX_COST}
            check_weight(weight, operation)
            spent = budget.spend(context.request, weight.total)
            if spent and spent.is_over:
                extensions["cost"]["budget"] = budget.state(spent)
                budget.refuse(spent)
            if document.errors:
                return ExecutionResult(data=None, errors=document.errors, extensions=extensions)
            field = document.first_field(operation)
            note(field=field)
            is_known = settings.SESSION_COOKIE_NAME in context.request.COOKIES
            shareable = is_public(operation, self._schema) and not is_known

            def attempt() -> graphql.ExecutionResult:
                context.begin(shareable=shareable)
                return self.execute_document(document, operation, variables=variables, context=context)

            is_query = operation.operation is OperationType.QUERY
            attributes = {"graphql.operation.type": operation.operation.value, "store.cost": weight.total}
            with span(f"{operation.operation.value} {field or OTHER}", attributes):
                result = replicas.read(attempt, is_lost=is_lost) if is_query else attempt()
            if (
                spent and not context.shareable
            ):  # an answer for all guests must not contain one guest's budget
                extensions["cost"]["budget"] = budget.state(spent)
        except MutationByGet:
            raise
        except Exception as error:
            if not isinstance(error, GraphQLError):
                error = GraphQLError(str(error), original_error=error)
            return ExecutionResult(data=None, errors=[error], extensions=extensions)
        return ExecutionResult(data=result.data, errors=result.errors, extensions=extensions)

    def execute_document(
        self,
        document: Document,
        operation: OperationDefinitionNode,
        *,
        variables: dict[str, Any],
        context: Context,
    ) -> graphql.ExecutionResult:
        """Run the operation by its plan, or by graphql-core if it has none."""
        if plan := document.plan(operation):
            return plan.run(variables, context)
        result = graphql.execute(
            self._schema,
            document.ast,
            context_value=context,
            variable_values=variables,
            operation_name=operation.name.value if operation.name else None,
            executor_class=self.execution_context_class,
            is_awaitable=lambda value: False,  # type: ignore[arg-type]  # no resolver is asynchronous
        )
        assert isinstance(result, graphql.ExecutionResult)
        return result


@strawberry.type(description="The settings of the shop that a front end needs.")
class Shop:
    name: str = strawberry.field(description="The store's name.")
    currency: str = strawberry.field(description="The currency's ISO 4217 code.")
    prices_include_tax: bool = strawberry.field(
        description="Whether prices include tax. Otherwise it is added to them."
    )
    guest_checkout: bool = strawberry.field(description="Whether guests can buy without signing in.")
    stripe_publishable_key: str | None = strawberry.field(
        description="The key for Stripe.js; null without Stripe."
    )

    @strawberry.field(
        description="The countries that the store delivers to, sorted by name. `addressRules` has the rules of each."
    )
    def countries(self) -> list[Country]:
        served = served_countries()
        return [
            Country(code=code, name=name)
            for code, name in list_countries()
            if served is None or code in served
        ]

    @strawberry.field(description="The texts that the shop has to show, in its order.")
    @staticmethod
    def policies(info: api.Info) -> list[Policy]:
        return api.every(shown_policies(), info)  # type: ignore[return-value]  # their rows


@strawberry.type
class Root:
    @strawberry.field(
        description="The settings of the shop that a front end needs first.", metadata=api.PUBLIC
    )
    def shop(self) -> Shop:
        return Shop(
            name=settings.STORE_NAME,
            currency=settings.STORE_CURRENCY,
            prices_include_tax=settings.STORE_PRICES_INCLUDE_TAX,
            guest_checkout=settings.STORE_GUEST_CHECKOUT,
            stripe_publishable_key=settings.STRIPE_PUBLISHABLE_KEY or None,
        )

    @strawberry.field(
        graphql_type=relay.Node | None,
        description="Any object by its id; null if it does not exist, or the caller may not see it.",
    )
    def node(
        self,
        info: api.Info,
        id: Annotated[
            relay.GlobalID, strawberry.argument(description="The value of the object's field `id`.")
        ],
    ) -> Any:
        return api.node(id, info)


@strawberry.type(description="The queries. None of them changes anything, not even the visitor's session.")
class Query(Root, accounts.schema.Query, catalog.schema.Query, orders.schema.Query):
    pass


@strawberry.type(
    description="The mutations. Each returns a union: its result, or an error that the shopper can fix."
)
class Mutation(
    accounts.schema.Mutation, catalog.schema.Mutation, orders.schema.Mutation, reviews.schema.Mutation
):
    pass


schema = Schema(
    query=Query,
    mutation=Mutation,
    config=StrawberryConfig(scalar_map=SCALARS),
)
