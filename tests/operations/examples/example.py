"""An example of an operation, and what several of them give or read."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

# The answers to earlier operations by name, and the token of the last mail as `mail`.
Answers = dict[str, Any]
# The browsers: the shopper's and the seller's.
SHOPPING, SELLING = "shopping", "selling"
# The shopper's e-mail address.
EMAIL = "nora@example.com"


@dataclass(frozen=True, kw_only=True)
class Example:
    operation: str
    document: str
    variables: Callable[[Answers], dict[str, Any]] = lambda answers: {}
    browser: str = SHOPPING


def first_found(answers: Answers) -> str:
    """Return the id of the first product in the answer to `products`."""
    return str(answers["products"]["nodes"][0]["id"])


def second_found(answers: Answers) -> str:
    return str(answers["products"]["nodes"][1]["id"])
