"""Order numbers: nine random digits, which can be said on the telephone in any language."""

import re
from collections.abc import Callable
from functools import wraps
from secrets import randbelow
from typing import ParamSpec, TypeVar

from django.db import IntegrityError

LENGTH = 11
# How often a number is drawn. Of a million orders, one in 900 takes the second, and none the third.
DRAWS = 5
SPOKEN = re.compile(r"(?:order)?[\s#]*(\d{3})[\s-]*(\d{3})[\s-]*(\d{3})", re.IGNORECASE)

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


def draw_number() -> str:
    """Draw a number, 482-917-350. It is unique only once its row is written."""
    # No 0 at the beginning: spreadsheets drop it.
    digits = str(100_000_000 + randbelow(900_000_000))
    return "-".join((digits[:3], digits[3:6], digits[6:]))


def read_number(text: str) -> str | None:
    """Return the number in the text in its one spelling, or None if the text is something else."""
    found = SPOKEN.fullmatch(text.strip())
    return "-".join(found.groups()) if found else None


def redraw_if_taken(write: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
    """Repeat a transaction that has created an order, if its number is another order's by now.

    The constraint on the number decides. So nobody waits for anyone else, as with a counter that each order locks.
    """

    @wraps(write)
    def attempt(*arguments: Arguments.args, **options: Arguments.kwargs) -> Result:
        for _ in range(DRAWS - 1):
            try:
                return write(*arguments, **options)
            except IntegrityError as error:
                if "number" not in str(error):
                    raise
        return write(*arguments, **options)

    return attempt
