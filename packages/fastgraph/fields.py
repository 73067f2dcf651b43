"""`field`: a field that derives its optimizer hints from its resolver."""

from typing import Any

import strawberry_django
from strawberry_django.fields.field import StrawberryDjangoField
from strawberry_django.optimizer import OptimizerStore

from packages.fastgraph.parents import columns_read


class Field(StrawberryDjangoField):
    """A field that derives its hints from the Protocol of its resolver's parent."""

    def __call__(self, resolver: Any) -> Any:
        field = super().__call__(resolver)
        assert field.base_resolver
        columns = columns_read(field.base_resolver) or ()
        related = {column.rpartition("__")[0] for column in columns} - {""}
        field.store |= OptimizerStore.with_hints(only=columns, select_related=sorted(related))
        return field


def field(**hints: Any) -> Any:
    """Make a `strawberry_django.field`, with the hints `annotate`, `field_name` and `prefetch_related`."""
    return strawberry_django.field(field_cls=Field, **hints)
