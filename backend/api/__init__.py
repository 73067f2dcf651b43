"""What the apps build their GraphQL with."""

from backend.api.connection import Connection, Edge, nested_page, page, remembered, type_named
from backend.api.context import Context, Info, signed_in, viewer
from backend.api.keyset import Page, Sort
from backend.api.lists import nested, plain_page, size_within
from backend.api.mutation import answering, mutation
from backend.api.nodes import every, field, id_of, key_of, node, one, optimized_below, read
from backend.api.types import (
    Deleted,
    Done,
    ErrorCode,
    FieldError,
    Image,
    Money,
    NotFound,
    ThumbnailSize,
    TooManyAttempts,
    UserError,
    ValidationError,
)
from backend.counting import MAX_COUNT, CountUpTo

__all__ = [
    "MAX_COUNT",
    "Connection",
    "Context",
    "CountUpTo",
    "Deleted",
    "Done",
    "Edge",
    "ErrorCode",
    "FieldError",
    "Image",
    "Info",
    "Money",
    "NotFound",
    "Page",
    "Sort",
    "ThumbnailSize",
    "TooManyAttempts",
    "UserError",
    "ValidationError",
    "answering",
    "every",
    "field",
    "id_of",
    "key_of",
    "mutation",
    "nested",
    "nested_page",
    "node",
    "one",
    "optimized_below",
    "page",
    "plain_page",
    "read",
    "remembered",
    "signed_in",
    "size_within",
    "type_named",
    "viewer",
]
