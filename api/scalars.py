"""Scalars that refuse values that no column can hold, so that these are BAD_USER_INPUT and not faults."""

from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

import strawberry
from django.core.files.base import File
from graphql import GraphQLError
from strawberry.file_uploads import Upload
from strawberry_django.fields.types import field_type_map

from core.emails import AddressField
from core.slugs import SlugField
from core.text import LineField

MAX_DECIMAL_LENGTH = 40

# strawberry_django looks a column's type up by its exact class, and ignores the class's parents.
field_type_map.update({LineField: str, AddressField: str, SlugField: str})


def parse_decimal(value: Any) -> Decimal:
    """Parse a finite number in plain notation. `1e999999999` would take all memory when written out."""
    text = str(value)
    try:
        number = Decimal(text) if len(text) <= MAX_DECIMAL_LENGTH and "e" not in text.lower() else None
    except InvalidOperation:
        number = None
    if number is None or not number.is_finite() or isinstance(value, bool):
        raise GraphQLError(f"Not a decimal number: {text[:MAX_DECIMAL_LENGTH]!r}.")
    return number


def parse_instant(value: Any) -> datetime:
    """Parse an instant to UTC. A time without an offset is in UTC."""
    try:
        moment = datetime.fromisoformat(value)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (TypeError, ValueError, OverflowError) as error:
        raise GraphQLError("Not a valid ISO 8601 instant.") from error


def parse_uuid(value: Any) -> UUID:
    try:
        return UUID(value)
    except (AttributeError, TypeError, ValueError) as error:
        raise GraphQLError("Not a valid UUID.") from error


def parse_upload(value: Any) -> File[bytes]:
    """Return a file of the multipart request. In any other request, the variable may hold anything."""
    if not isinstance(value, File):
        raise GraphQLError("Not an uploaded file. Send it in a multipart request.")
    return value


SCALARS: dict[object, Any] = {
    Decimal: strawberry.scalar(
        name="Decimal",
        description="A fixed-point number, sent as a string so that no client rounds it.",
        serialize=str,
        parse_value=parse_decimal,
    ),
    datetime: strawberry.scalar(
        name="DateTime",
        description="An instant in UTC, as ISO 8601.",
        serialize=datetime.isoformat,
        parse_value=parse_instant,
    ),
    UUID: strawberry.scalar(
        name="UUID",
        description="32 hexadecimal digits with hyphens: 6b0d6a0e-2f0f-4c64-9d43-3f3b8f6f6c11.",
        serialize=str,
        parse_value=parse_uuid,
    ),
    Upload: strawberry.scalar(
        name="Upload",
        description="A file of a multipart request (graphql-multipart-request-spec).",
        parse_value=parse_upload,
    ),
}
