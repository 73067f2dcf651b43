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


class RelatedField(Field):
    """A field whose resolver returns the row that the foreign key of its name leads to, or None."""

    def __call__(self, resolver: Any) -> Any:
        function = getattr(resolver, "__func__", resolver)  # of a static method
        function.can_optimize = True  # the optimizer's own name for it
        return super().__call__(resolver)


def related(**hints: Any) -> Any:
    """Make a field like `field`, of a foreign key whose row may not be seen: its resolver returns the row or None."""
    return strawberry_django.field(field_cls=RelatedField, **hints)


def field(**hints: Any) -> Any:
    """Make a `strawberry_django.field`, with the hints `annotate`, `field_name` and `prefetch_related`."""
    return strawberry_django.field(field_cls=Field, **hints)
