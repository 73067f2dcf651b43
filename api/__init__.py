"""What the apps build their GraphQL with."""

from api.arguments import After, Before, First, Last, Slug
from api.connection import Connection, Edge, nested_page, page, remembered, type_named
from api.context import Context, Info, signed_in, viewer
from api.keyset import Page, Sort
from api.lists import nested, plain_page, size_within
from api.mutation import answering, mutation
from api.nodes import every, field, id_of, is_below_list, key_of, node, one, read
from api.public import PUBLIC
from api.types import (
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
    described,
    result,
)
from core.counting import MAX_COUNT, CountUpTo
from packages.fastgraph.rows import Bind, column_of

__all__ = [
    "MAX_COUNT",
    "PUBLIC",
    "After",
    "Before",
    "Bind",
    "Connection",
    "Context",
    "CountUpTo",
    "Deleted",
    "Done",
    "Edge",
    "ErrorCode",
    "FieldError",
    "First",
    "Image",
    "Info",
    "Last",
    "Money",
    "NotFound",
    "Page",
    "Slug",
    "Sort",
    "ThumbnailSize",
    "TooManyAttempts",
    "UserError",
    "ValidationError",
    "answering",
    "column_of",
    "described",
    "every",
    "field",
    "id_of",
    "is_below_list",
    "key_of",
    "mutation",
    "nested",
    "nested_page",
    "node",
    "one",
    "page",
    "plain_page",
    "read",
    "remembered",
    "result",
    "signed_in",
    "size_within",
    "type_named",
    "viewer",
]
