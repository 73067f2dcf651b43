"""Synonyms of the store and of the shop."""

from pathlib import Path

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from catalog.models import Product, Synonym
from catalog.search import NoProductMatches, search
from catalog.search.additions import find_additions
from catalog.search.synonyms import build_thesaurus
from tests.catalog.searching import search_names
from tests.factories import make_category, make_product

pytestmark = pytest.mark.django_db


def make(*names: str) -> None:
    for name in names:
        make_product(name=name, description="-")


def test_that_are_nearly_the_same_follow_the_word_itself() -> None:
    make("Divan", "Sofa")
    Synonym.objects.create(words="sofa, divan")
    assert search_names("sofa") == ["Sofa", "Divan"]
    assert search_names("divans") == ["Divan", "Sofa"]


def test_that_are_the_same_rank_together() -> None:
    Synonym.objects.create(words="laptop = notebook")
    make("Notebook 9 for students", "Laptop")
    make_product(name="Stand", description="For a notebook and for a laptop.")
    for term in ("laptop", "notebooks"):
        assert search_names(term) == ["Laptop", "Notebook 9 for students", "Stand"]
        assert search(term).read_corrected_term() is None


def test_that_are_the_same_find_categories() -> None:
    Synonym.objects.create(words="laptop = notebook")
    make_product(name="ThinkPad 9", description="-", category=make_category("Laptops"))
    assert search_names("notebook") == ["ThinkPad 9"]


def test_of_several_words_and_all_words_before_some() -> None:
    Synonym.objects.create(words="barbecue = outdoor grill")
    make("Gas outdoor grill", "Gas lamp")
    assert search_names("gas barbecue") == ["Gas outdoor grill", "Gas lamp"]


def test_replace_those_of_the_store() -> None:
    make("Couch cover", "Settee")
    assert search_names("couch") == ["Couch cover", "Settee"]
    own = Synonym.objects.create(words="Couches")
    assert search_names("couch") == ["Couch cover"]
    own.delete()
    assert search_names("couch") == ["Couch cover", "Settee"]


def test_changed_count_at_once(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    make("Divan")
    line = Synonym.objects.create(words="lounger, divan")
    assert search_names("lounger") == ["Divan"]
    Synonym.objects.filter(pk=line.pk).update(words="chaise, divan")
    with pytest.raises(NoProductMatches):
        search("lounger")
    with django_assert_num_queries(3):
        search("chaise")


def test_spellings_of_the_store_rank_together() -> None:
    make("Grey chair for two", "Gray chair")
    assert search_names("chair grey") == search_names("chair gray") == ["Gray chair", "Grey chair for two"]


def test_of_a_file_with_comments(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    added = tmp_path / "synonyms.txt"
    added.write_text("sofa, divan,, the # and so on\n  # none\n\nbed, place to lie down on\n")
    monkeypatch.setattr("catalog.search.synonyms.FILE", added)
    build_thesaurus.cache_clear()
    try:
        make("Divan", "Bed")
        assert search_names("sofa") == ["Divan"]
        assert search_names("place to lie down") == ["Bed"]
    finally:
        build_thesaurus.cache_clear()


@pytest.mark.parametrize("words", ["", " ", "sofa, couch = settee", "=", ",,"])
def test_refuses(words: str) -> None:
    with pytest.raises(ValidationError):
        Synonym(words=words).full_clean()


class TestAdditions:
    def test_are_what_only_the_others_find(self, django_assert_num_queries: DjangoAssertNumQueries) -> None:
        make("Divan", "Sofa divan", "Sofa", "Bed")
        with django_assert_num_queries(1):
            sofa, divan = find_additions(["sofa", "divan"])
        assert (sofa.phrase, sofa.count, sofa.names) == ("sofa", 1, ["Divan"])
        assert (divan.phrase, divan.count, divan.names) == ("divan", 1, ["Sofa"])

    def test_name_the_best_sellers_and_count_all(self) -> None:
        make(*(f"Divan {number}" for number in range(7)), "Sofa", "Couch")
        Product.objects.filter(name="Divan 3").update(sold_count=9)
        sofa, _, couch = find_additions(["sofa", "divan", "couch"])
        assert (sofa.count, couch.count) == (8, 8)
        assert (len(sofa.names), sofa.names[0], couch.names[0]) == (5, "Divan 3", "Divan 3")

    def test_of_a_hundred_words_take_one_statement(
        self, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        make("Sofa")
        words = [f"word{number}" for number in range(99)]
        with django_assert_num_queries(1):
            found = find_additions([*words, "sofa"])
        assert [each.count for each in found] == [1] * 99 + [0]

    def test_of_a_word_alone(self) -> None:
        make("Sofa")
        [alone] = find_additions(["sofa"])
        assert (alone.count, alone.names) == (0, [])


def test_the_staff_see_what_a_line_adds(admin_client: Client) -> None:
    make("Divan")
    response = admin_client.post(reverse("admin:catalog_synonym_add"), {"words": "sofa, divan"})
    assert response.status_code == 302
    page = admin_client.get(
        reverse("admin:catalog_synonym_change", args=[Synonym.objects.get().pk])
    ).content.decode()
    assert "“sofa”: 1 products, such as Divan" in page
    assert "“divan”: no products" in page


def test_the_staffs_pages_take_as_many_statements_for_many(admin_client: Client) -> None:
    def statements(url: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            assert admin_client.get(url).status_code == 200
        return len(captured)

    make("Divan")
    few = Synonym.objects.create(words="sofa, divan")
    many = Synonym.objects.create(words="seat, bench, stool, chair, pouffe, settle")
    page, listed = "admin:catalog_synonym_change", reverse("admin:catalog_synonym_changelist")
    statements(reverse(page, args=[few.pk]))  # the first visit reads content types
    assert statements(reverse(page, args=[few.pk])) == statements(reverse(page, args=[many.pk]))
    before = statements(listed)
    Synonym.objects.bulk_create(Synonym(words=f"word{number}") for number in range(30))
    assert statements(listed) == before
