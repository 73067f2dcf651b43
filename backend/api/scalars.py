"""A Decimal that refuses what no column can hold, so that it is BAD_USER_INPUT and never a fault."""

from decimal import Decimal, InvalidOperation
from typing import Any

import strawberry
from graphql import GraphQLError

MAX_DECIMAL_LENGTH = 40


def parse_decimal(value: Any) -> Decimal:
    """A finite number in plain notation: `1e999999999` would take all memory to write out."""
    text = str(value)
    try:
        number = Decimal(text) if len(text) <= MAX_DECIMAL_LENGTH and "e" not in text.lower() else None
    except InvalidOperation:
        number = None
    if number is None or not number.is_finite() or isinstance(value, bool):
        raise GraphQLError(f"Not a decimal number: {text[:MAX_DECIMAL_LENGTH]!r}.")
    return number


SCALARS: dict[object, Any] = {
    Decimal: strawberry.scalar(
        name="Decimal",
        description="A fixed-point number, sent as a string so that no client rounds it.",
        serialize=str,
        parse_value=parse_decimal,
    ),
}
