"""The order in which people expect values: sizes as they grow, numbers by their amount, the rest by name."""

import re
from decimal import Decimal

SIZE = re.compile(r"(?P<times>\d*)(?P<extra>x*)(?P<letter>[sl])|m")
NUMBER = re.compile(r"(\d+(?:[.,]\d+)?)")

OrderKey = tuple[int, int, tuple[str | Decimal, ...]]


def order_key(sort_name: str) -> OrderKey:
    """Return what a value is sorted by: XS before S, M, L and 2XL, and these before "9 cm" and "10 cm"."""
    size = SIZE.fullmatch(sort_name)
    if size and not (size["times"] and not size["extra"]):
        return 0, rank_size(size), ()
    # Texts and numbers take turns, so that only like is compared with like.
    parts = NUMBER.split(sort_name)
    return 1, 0, tuple(Decimal(part.replace(",", ".")) if at % 2 else part for at, part in enumerate(parts))


def rank_size(size: re.Match[str]) -> int:
    """Return how much larger than M a size is: 1 for L, 3 for XXL and 2XL, -2 for XS."""
    if not size["letter"]:
        return 0
    distance = 1 + (int(size["times"]) if size["times"] else len(size["extra"]))
    return distance if size["letter"] == "l" else -distance
