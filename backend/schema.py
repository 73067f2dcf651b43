"""The one schema: the apps' roots merged."""

from typing import Any

import strawberry
from strawberry.schema.config import StrawberryConfig
from strawberry.tools import merge_types

import accounts.schema
import catalog.schema
import orders.schema
import reviews.schema
from backend.api.scalars import SCALARS


class Schema(strawberry.Schema):
    def process_errors(self, *_: Any, **__: Any) -> None:
        """Nothing: the view logs faults, once, and what a client did wrong is no fault."""


Query = merge_types("Query", (accounts.schema.Query, catalog.schema.Query, orders.schema.Query))
Mutation = merge_types("Mutation", (accounts.schema.Mutation, orders.schema.Mutation, reviews.schema.Mutation))

schema = Schema(query=Query, mutation=Mutation, config=StrawberryConfig(scalar_map=SCALARS))
