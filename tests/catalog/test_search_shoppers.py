"""What shoppers type in each language, in one shop that sells things in all of them: shoppers/*.txt."""

import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, NamedTuple

import pytest
from pytest_django import DjangoDbBlocker, Settings

from catalog import analysis
from catalog.search import NoProductMatches, completions, search
from tests.catalog.searching import open_shop

SPOKEN = ["en", "de", "fr", "es", "it", "pt", "nl", "sv", "da", "no", "fi", "pl", "cs", "hu", "ro", "tr"]
FORMS: tuple[Literal["NFC"], Literal["NFD"]] = ("NFC", "NFD")
SORT = ("-rank", "slug")
FOLDER = Path(__file__).with_name("shoppers")
FILES = sorted(FOLDER.glob("*.txt"))


class Expectation(NamedTuple):
    """A term, and the name of the product that comes first. Some are known not to hold."""

    language: str
    name: str
    term: str
    holds: bool


def read_lines() -> Iterator[tuple[str, str, str]]:
    """Yield each line with the heading and the name that it stands below."""
    language = name = ""
    for file in FILES:
        for line in file.read_text("utf-8").splitlines():
            if line.startswith("# "):
                language = line.removeprefix("# ")
            elif not line.startswith(" "):
                name = line
            yield language, name, line


EXPECTATIONS = [
    Expectation(language, name, line.strip().removeprefix("- "), holds=not line.strip().startswith("- "))
    for language, name, line in read_lines()
    if line.startswith(" ")
]
NAMES = list(dict.fromkeys(expectation.name for expectation in EXPECTATIONS))
LANGUAGES = list(dict.fromkeys(expectation.language for expectation in EXPECTATIONS))

# What was typed so far, and what is among the first five completions, spelt as in a name. A word with a typing error,
# and what it was taken for. A term, and a product that is not the first, because an accent makes another word.
COMPLETED, CORRECTED, OTHERS, NOTHING = (
    [tuple(line.split("\t")) for line in (FOLDER / f"{name}.tsv").read_text("utf-8").splitlines()]
    for name in ("completed", "corrected", "others", "nothing")
)


@pytest.fixture(scope="module")
def _opened(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    with open_shop(NAMES, spoken=SPOKEN, blocker=django_db_blocker):
        yield


@pytest.fixture
def _shop(_opened: None, settings: Settings, db: None) -> None:
    settings.STORE_SEARCH_LANGUAGES = SPOKEN


def find_first(term: str) -> str | None:
    try:
        best = search(term).best.order_by(*SORT).values_list("name", flat=True)
    except NoProductMatches:
        return None
    return best[0]


def read_correction(term: str) -> str | None:
    try:
        return search(term).read_corrected_term()
    except NoProductMatches:
        return None


@pytest.mark.usefixtures("_shop")
class TestShoppers:
    @pytest.mark.parametrize("language", LANGUAGES)
    def test_find_what_they_mean_first(self, language: str) -> None:
        asked = [each for each in EXPECTATIONS if each.language == language]
        found = {each: find_first(each.term) for each in asked}
        wrong = {each.term: first for each, first in found.items() if (first == each.name) != each.holds}
        assert wrong == {}

    def test_read_completions_as_they_are_spelt_in_a_name(self) -> None:
        assert [pair for pair in COMPLETED if pair[1] not in completions(pair[0])[:5]] == []

    def test_are_corrected(self) -> None:
        found = {term: read_correction(term) for term, _ in CORRECTED}
        assert [*found.items()] == CORRECTED

    def test_are_not_taken_for_other_words(self) -> None:
        assert [pair for pair in OTHERS if find_first(pair[0]) == pair[1]] == []

    def test_find_nothing_that_is_not_there(self) -> None:
        assert [term for (term,) in NOTHING if find_first(term)] == []


def test_most_hold() -> None:
    """Decision 38 tells how many."""
    held = sum(each.holds for each in EXPECTATIONS)
    assert held / len(EXPECTATIONS) >= 0.97


def test_a_letter_may_be_composed_or_not() -> None:
    """Phones and laptops send the same letter in different ways."""
    for term in (each.term for each in EXPECTATIONS):
        composed, apart = (unicodedata.normalize(form, term) for form in FORMS)
        assert analysis.words(analysis.normal(composed)) == analysis.words(analysis.normal(apart)), term
