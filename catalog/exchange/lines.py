"""The attributes of a product as text: a line for each value, `Brand: Acme`."""

from catalog.attributes import Named, check_attributes
from core.errors import ValidationError


def read_lines(text: str) -> dict[str, list[str]]:
    """Read attributes from a text with a line for each value, `Brand: Acme`, and return them as they are stored.

    Raises:
        ValidationError: a line has no colon, or a name or a value breaks a rule.
    """
    named: dict[str, list[str]] = {}
    for line in text.splitlines():
        name, colon, value = line.partition(":")
        if line.strip() and not colon:
            message = f"Write a colon between the attribute and its value: “{line.strip()}”."
            raise ValidationError.of(attributes=message)
        if line.strip():
            named.setdefault(name.strip(), []).append(value)
    return check_attributes([{"name": name, "values": values} for name, values in named.items()])


def write_lines(named: Named) -> str:
    """Return the inverse of `read_lines`."""
    return "\n".join(f"{name}: {value}" for name, values in named.items() for value in values)
