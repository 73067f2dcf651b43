"""`field`, whose resolver tells the optimizer what it reads."""

from typing import Any

import strawberry_django
from strawberry_django.fields.field import StrawberryDjangoField
from strawberry_django.optimizer import OptimizerStore

from packages.fastgraph.parents import columns_read


class Field(StrawberryDjangoField):
    """A field whose hints are made of the Protocol that its resolver takes as its parent."""

    def __call__(self, resolver: Any) -> Any:
        field = super().__call__(resolver)
        assert field.base_resolver
        columns = columns_read(field.base_resolver) or ()
        related = {column.rpartition("__")[0] for column in columns} - {""}
        field.store |= OptimizerStore.with_hints(only=columns, select_related=sorted(related))
        return field


def field(**hints: Any) -> Any:
    """`strawberry_django.field`, whose decorator is untyped; hints: `annotate`, `field_name`, `prefetch_related`."""
    return strawberry_django.field(field_cls=Field, **hints)
