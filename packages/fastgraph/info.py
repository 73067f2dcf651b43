"""The `info` of a planned field, which lets its resolver read rows."""

from collections.abc import Callable, Hashable, Mapping
from typing import Any

import strawberry
from django.db import models
from graphql import GraphQLResolveInfo
from strawberry.types.field import StrawberryField

from packages.fastgraph.places import Place, Run
from packages.fastgraph.rows import Reading, Shape
from packages.fastgraph.statements import Bind, Param, bind_values


class PlannedInfo(strawberry.Info[Any, None]):
    """Strawberry's Info for a place and a run. Slow parts are made only on request."""

    def __init__(self, place: Place, run: Run) -> None:
        self.place = place
        self.run = run

    @property
    def context(self) -> Any:
        return self.run.context

    @property
    def schema(self) -> Any:
        return self.place.plan.schema

    @property
    def _field(self) -> StrawberryField:  # type: ignore[override]  # read-only here
        assert self.place.parent is not None
        name = self.place.nodes[0].name.value
        field: StrawberryField = self.place.parent.fields[name].extensions["strawberry-definition"]
        return field

    @property
    def _raw_info(self) -> GraphQLResolveInfo[Any]:  # type: ignore[override]  # read-only here
        place, plan = self.place, self.place.plan
        return GraphQLResolveInfo(
            field_name=place.nodes[0].name.value,
            field_nodes=place.nodes,
            return_type=place.type,
            parent_type=place.parent,  # type: ignore[arg-type]  # the root has no resolver
            path=place.graphql_path(self.run),  # type: ignore[arg-type]  # the root has no resolver
            schema=plan.selections.schema,
            fragments=plan.selections.fragments,
            root_value=None,
            operation=plan.operation,
            variable_values=self.run.variables,
            context=self.run.context,
            is_awaitable=lambda value: False,  # type: ignore[arg-type]
            abort_signal=None,
            async_helpers=None,  # type: ignore[arg-type]
        )

    def rows(
        self,
        build: Callable[[Bind], models.QuerySet[Any]],
        *,
        model: type[models.Model],
        values: Mapping[str, Any],
        kept: Hashable,
        answer: str | None,
        paths: tuple[str, ...],
        only: tuple[str, ...],
    ) -> list[Any] | None:
        """Read rows without instances; None if the selection needs instances.

        `kept` is the cache key of a query that differs only in the `values`. The plan keeps its SQL.
        """
        place = self.place
        shape = place.shape(model, answer=answer, paths=paths, only=only)
        if shape is None:
            return None
        if any(map(callable, shape.annotations.values())) and not self.run.context.is_guest:
            kept = None  # an annotation depends on who is asking
        if kept is None:
            return self.reading(build(bind_values(values)), shape).rows(values)
        readings, key = place.plan.readings, (place, kept, answer, model)
        reading = readings.get(key)
        if reading is None:
            reading = self.reading(build(Param), shape)
            readings.add(key, reading)
        return reading.rows(values)

    def reading(self, queryset: models.QuerySet[Any], shape: Shape) -> Reading:
        """Compile the query for rows of this shape."""
        annotations = {
            name: annotation(self) if callable(annotation) else annotation
            for name, annotation in shape.annotations.items()
        }
        return Reading(queryset, shape, annotations)
