"""Counts of what shoppers search for, without the person, and the staff's lists of them."""

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import Enum

from django.db import transaction
from django.db.models import F, Max, Q, Sum
from django.utils import timezone

from catalog.models import SearchTerm
from core.errors import field_errors
from core.text import single_line

# Terms that come up on a day after so many others are not counted, so the table has a bound.
MAX_TERMS_A_DAY = 2_000
KEPT = timedelta(days=90)
MAX_LISTED = 50
# Addresses and numbers of cards and phones, which people paste into the wrong box. A barcode looks like them.
PERSONAL = re.compile(r"@|(?:\d[\s()./+-]*){7}")


class SearchOutcome(Enum):
    """The outcome of a search. Each value is the name of the column that counts it."""

    FOUND = "found"
    NOTHING = "nothing"
    OPENED = "opened"


@dataclass(frozen=True, kw_only=True)
class Counted:
    """A term with its searches in some days: all, those that found nothing, and the products opened after them."""

    term: str
    searches: int
    nothing: int
    opened: int
    last_day: date


@transaction.atomic(durable=True)
def count_search(*, term: str, outcome: SearchOutcome, now: datetime) -> None:
    """Count one outcome of a search for the term, without regard to case. A term that looks personal is not counted.

    Locks:
        The row of the term and the day.
    Raises:
        ValidationError: the term is blank or too long.
    """
    counted = SearchTerm(day=timezone.localdate(now), term=single_line(term).casefold())
    with field_errors():
        counted.clean_fields()
    if PERSONAL.search(counted.term):
        return
    today = SearchTerm.objects.filter(day=counted.day)
    row = today.filter(term=counted.term)
    plus_one = {outcome.value: F(outcome.value) + 1}
    if row.update(**plus_one) or today.count() >= MAX_TERMS_A_DAY:
        return
    SearchTerm.objects.bulk_create([counted], ignore_conflicts=True)
    row.update(**plus_one)


def list_most_frequent(*, since: date) -> list[Counted]:
    return list_terms(since=since, having=Q(searches__gt=0), first="searches")


def list_without_matches(*, since: date) -> list[Counted]:
    """Return the terms that found nothing, most often first."""
    return list_terms(since=since, having=Q(of_nothing__gt=0), first="of_nothing")


def list_unopened(*, since: date) -> list[Counted]:
    """Return the terms that found products of which nobody opened one, most often searched first."""
    having = Q(searches__gt=F("of_nothing"), products=0)
    return list_terms(since=since, having=having, first="searches")


def list_terms(*, since: date, having: Q, first: str) -> list[Counted]:
    """Return the terms since a day that meet the condition, at most MAX_LISTED. Takes one statement."""
    terms = SearchTerm.objects.filter(day__gte=since).order_by().values("term")
    sums = terms.annotate(
        searches=Sum(F("found") + F("nothing")),
        of_nothing=Sum("nothing"),
        products=Sum("opened"),
        last_day=Max("day"),
    )
    listed = sums.filter(having).order_by(f"-{first}", "term")[:MAX_LISTED]
    rows = listed.values_list("term", "searches", "of_nothing", "products", "last_day")
    return [
        Counted(term=term, searches=searches, nothing=nothing, opened=opened, last_day=last_day)
        for term, searches, nothing, opened, last_day in rows
    ]
