"""The attributes of WooCommerce's rows, and the values of variations among those of their parents."""

import re
from collections.abc import Mapping, Sequence
from itertools import product
from math import prod

from catalog.models import MAX_VARIANTS
from core.text import single_line, sort_key

# There may be more attributes, but of a product with variations the first ones are its options.
MAX_ATTRIBUTES = 20
# A comma within a value has a backslash before it.
COMMA = re.compile(r"(?<!\\),")

# The values that a product has of each attribute in which its variations differ, by the attribute's name.
Options = Mapping[str, Sequence[str]]


def attributes_of(given: Mapping[str, str]) -> dict[str, list[str]]:
    """Return the values of each attribute that the row has, by name."""
    named = (
        (single_line(given.get(f"attribute_{number}_name", "")), given.get(f"attribute_{number}_values", ""))
        for number in range(1, MAX_ATTRIBUTES + 1)
    )
    return {name: split(values) for name, values in named if name}


def choices_of(given: Mapping[str, str], options: Options) -> list[tuple[str, ...]]:
    """Return the combinations of values that a variation is for, as its parent spells them.

    A variation without a value of an option is for any of them.

    Raises:
        ValueError: the parent does not have the value or the attribute, or there are too many combinations.
    """
    attributes = attributes_of(given)
    if unknown := [name for name in attributes if sort_key(name) not in map(sort_key, options)]:
        raise ValueError(f"Its parent has no attribute “{unknown[0]}”.")
    wanted = {sort_key(name): values for name, values in attributes.items()}
    values = [find_values(wanted.get(sort_key(name), []), name, known) for name, known in options.items()]
    if (number := prod(map(len, values))) > MAX_VARIANTS:
        raise ValueError(
            f"It is for {number} combinations of values, but a product can have at most {MAX_VARIANTS} variants."
        )
    return [*product(*values)]


def find_values(wanted: Sequence[str], name: str, known: Sequence[str]) -> list[str]:
    """Return the value of an option that a variation is for, or all of them if it names none.

    Raises:
        ValueError: it names several, or one that the parent does not have.
    """
    if len(wanted) > 1:
        raise ValueError(f"It has no single value for “{name}”.")
    if not known:
        raise ValueError(f"Its parent has no values of “{name}”.")
    if not wanted:
        return [*known]
    spelled = [value for value in known if sort_key(value) == sort_key(wanted[0])]
    if not spelled:
        raise ValueError(f"Its parent has no “{wanted[0]}” among the values of “{name}”.")
    return spelled[:1]


def only_values(given: Mapping[str, str], options: Options) -> tuple[str, ...]:
    """Return the values of a variation that is for one combination; nothing of another."""
    try:
        choices = choices_of(given, options)
    except ValueError:
        return ()
    return choices[0] if len(choices) == 1 else ()


def split(cell: str) -> list[str]:
    """Return the parts between commas."""
    return [part for part in (single_line(part.replace("\\,", ",")) for part in COMMA.split(cell)) if part]
