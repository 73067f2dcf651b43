"""Finding products by words: a term in, ranked products out."""

import operator
import re
from difflib import get_close_matches
from functools import reduce

from django.db.models import Case, IntegerField, Q, QuerySet, When
from django.db.models.functions import Cast

from backend.errors import DomainError, ValidationError
from catalog.models import Product

MAX_TERM_LENGTH = 200
# What suggestions are made of and how many are made: comparing words takes time for each pair.
POPULAR_PRODUCTS = 500
MAX_COMPARED_WORDS = 5
MAX_SUGGESTIONS = 3
MIN_SUGGESTION_LENGTH = 3


class NoProductMatches(DomainError):
    """The term matches no product at all; `suggestions` are other words, which do."""

    code = "NOT_FOUND"

    def __init__(self, *, term: str, suggestions: list[str]) -> None:
        super().__init__(f'No product matches "{term}".')
        self.term = term
        self.suggestions = suggestions


def search(term: str) -> QuerySet[Product]:
    """The products with every word of the term in their name or description.

    Each carries a `rank`: the more of the words its name has, the higher. Raises ValidationError on `term`,
    and NoProductMatches, for which it looks at once whether there is any.
    """
    if len(term) > MAX_TERM_LENGTH:
        raise ValidationError.of(term=f"At most {MAX_TERM_LENGTH} characters.")
    words = list(dict.fromkeys(term.split()))
    if not words:
        raise ValidationError.of(term="What are you looking for?")
    matches = Product.objects.all()
    for word in words:
        matches = matches.filter(Q(name__icontains=word) | Q(description__icontains=word))
    if not matches.exists():
        raise NoProductMatches(term=term, suggestions=suggestions(words))
    in_name = (Case(When(name__icontains=word, then=1), default=0) for word in words)
    return matches.annotate(rank=Cast(reduce(operator.add, in_name), IntegerField()))


def suggestions(words: list[str]) -> list[str]:
    """Words of product names that resemble the given ones; else some of the most popular products'."""
    names = Product.objects.order_by("-sold_count", "-slug").values_list("name", flat=True)[:POPULAR_PRODUCTS]
    known = {
        word.casefold(): word
        for name in names
        for word in re.findall(r"\w+", name)
        if len(word) >= MIN_SUGGESTION_LENGTH
    }
    close = [
        match
        for word in words[:MAX_COMPARED_WORDS]
        for match in get_close_matches(word.casefold(), known, n=MAX_SUGGESTIONS)
    ]
    return [known[match] for match in list(dict.fromkeys([*close] or known))[:MAX_SUGGESTIONS]]
