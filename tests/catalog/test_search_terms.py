"""Search terms: how they are counted, what is never kept, and what the staff see of them."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from catalog import search_terms
from catalog.models import SearchTerm
from catalog.search_terms import (
    SearchOutcome,
    count_search,
    list_most_frequent,
    list_unopened,
    list_without_matches,
)
from core.errors import ValidationError
from core.housekeeping import find_heaps, prune
from tests.conftest import GraphQLClient
from tests.staff import clerk

pytestmark = pytest.mark.django_db

COUNT = """
mutation($input: CountSearchInput!) {
  countSearch(input: $input) { __typename ... on ValidationError { fields { field } } }
}
"""
FOUND, NOTHING, OPENED = SearchOutcome
PAGE = "/admin/catalog/searchterm/"
TODAY = date(2026, 11, 28)
NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
EVER = date(2000, 1, 1)


def count(term: str, *outcomes: SearchOutcome, now: datetime = NOW) -> None:
    for outcome in outcomes:
        count_search(term=term, outcome=outcome, now=now)


def rows() -> list[tuple[date, str, int, int, int]]:
    return list(SearchTerm.objects.values_list("day", "term", "found", "nothing", "opened"))


class TestCountSearch:
    def test_counts_a_term_once_a_day_in_any_case(self) -> None:
        count(" Oak\u00a0 LAMP ", FOUND, FOUND, OPENED)
        count("oak lamp", NOTHING)
        count("oak lamp", FOUND, now=NOW + timedelta(days=1))
        assert rows() == [(TODAY + timedelta(days=1), "oak lamp", 1, 0, 0), (TODAY, "oak lamp", 2, 1, 1)]

    def test_counts_by_the_day_of_the_shop(self, settings: Settings) -> None:
        with timezone.override("Pacific/Auckland"):
            count("lamp", FOUND)
        assert [day for day, *_ in rows()] == [TODAY + timedelta(days=1)]

    @pytest.mark.parametrize(
        "term",
        [
            *("ada@example.com", "mail to ada @ example", "4242 4242 4242 4242", "4242-4242-4242-4242"),
            *(
                "+49 (30) 123 45 67",
                "030/1234567",
                "tel. 555.123.4567",
                "lamp 5551234567",
                "\uff14\uff12" * 4,
            ),
        ],
    )
    def test_keeps_nothing_that_looks_personal(self, term: str) -> None:
        count(term, *SearchOutcome)
        assert rows() == []

    @pytest.mark.parametrize("term", ["wh-1000xm4", "samsung 860 evo 500gb", "1/2 x 3/4 inch", "iphone 15"])
    def test_counts_models_and_measures(self, term: str) -> None:
        count(term, FOUND)
        assert [counted for _, counted, *_ in rows()] == [term]

    @pytest.mark.parametrize("term", ["", " \t", "\u200b", "x" * 101, "lamp\nlamp", "lamp\x00"])
    def test_refuses(self, term: str) -> None:
        with pytest.raises(ValidationError) as refused:
            count(term, FOUND)
        assert {field.field for field in refused.value.fields} == {"term"}
        assert rows() == []

    def test_counts_so_many_terms_a_day_and_no_more(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(search_terms, "MAX_TERMS_A_DAY", 2)
        for term in ("lamp", "desk", "chair", "lamp"):
            count(term, FOUND)
        count("chair", NOTHING, now=NOW + timedelta(days=1))
        assert [(term, found, nothing) for _, term, found, nothing, _ in rows()] == [
            ("chair", 0, 1),
            ("desk", 1, 0),
            ("lamp", 2, 0),
        ]

    def test_takes_one_update_for_a_known_term(self) -> None:
        count("lamp", FOUND)
        with CaptureQueriesContext(connection) as captured:
            count("lamp", FOUND)
        assert [query["sql"][:6] for query in captured if "catalog_" in query["sql"]] == ["UPDATE"]

    def test_keeps_no_column_for_a_person(self) -> None:
        columns = {field.name for field in SearchTerm._meta.get_fields()}
        assert columns == {"id", "day", "term", "found", "nothing", "opened"}


class TestApi:
    def run(self, api: GraphQLClient, term: str, outcome: str = "FOUND") -> dict[str, Any]:
        answer: dict[str, Any] = api.run(COUNT, input={"term": term, "outcome": outcome})["countSearch"]
        return answer

    def test_counts(self, api: GraphQLClient) -> None:
        for outcome in SearchOutcome:
            assert self.run(api, "Lamp", outcome.name) == {"__typename": "Done"}
        assert [row[1:] for row in rows()] == [("lamp", 1, 1, 1)]

    def test_refuses_blanks(self, api: GraphQLClient) -> None:
        answer = self.run(api, " ")
        assert (answer["__typename"], answer["fields"]) == ("ValidationError", [{"field": "term"}])

    @pytest.mark.slow
    def test_is_limited_by_address(self, api: GraphQLClient) -> None:
        for _ in range(600):
            assert self.run(api, "lamp")["__typename"] == "Done"
        assert self.run(api, "desk")["__typename"] == "TooManyAttempts"
        assert [row[1:3] for row in rows()] == [("lamp", 600)]
        assert self.run(GraphQLClient(REMOTE_ADDR="203.0.113.9"), "desk")["__typename"] == "Done"

    def test_a_search_itself_writes_nothing(self, api: GraphQLClient) -> None:
        api.run('{ search(term: "lamp") { __typename } }')
        assert rows() == []


class TestLists:
    def test_of_terms(self, django_assert_num_queries: DjangoAssertNumQueries) -> None:
        count("lamp", FOUND, FOUND, FOUND, OPENED)
        count("desk", FOUND, FOUND)
        count("loveseat", NOTHING, NOTHING)
        count("rug", NOTHING, FOUND, OPENED, now=NOW - timedelta(days=3))
        with django_assert_num_queries(3):
            frequent = list_most_frequent(since=EVER)
            without = list_without_matches(since=EVER)
            unopened = list_unopened(since=EVER)
        counts = [(row.term, row.searches, row.nothing, row.opened) for row in frequent]
        assert counts == [("lamp", 3, 0, 1), ("desk", 2, 0, 0), ("loveseat", 2, 2, 0), ("rug", 2, 1, 1)]
        assert [(row.term, row.last_day) for row in without] == [
            ("loveseat", TODAY),
            ("rug", TODAY - timedelta(days=3)),
        ]
        assert [row.term for row in unopened] == ["desk"]

    def test_since_a_day(self) -> None:
        count("lamp", NOTHING, now=NOW - timedelta(days=1))
        assert list_without_matches(since=TODAY) == []
        assert [row.term for row in list_without_matches(since=TODAY - timedelta(days=1))] == ["lamp"]

    def test_add_up_days(self) -> None:
        for days in range(3):
            count("lamp", FOUND, now=NOW - timedelta(days=days))
        count("lamp", OPENED, now=NOW - timedelta(days=2))
        assert [(row.searches, row.opened, row.last_day) for row in list_most_frequent(since=EVER)] == [
            (3, 1, TODAY)
        ]
        assert list_unopened(since=EVER) == []


class TestAdmin:
    def test_leads_from_a_term_without_matches_to_a_synonym(self, admin_client: Client) -> None:
        count("<b>sofa & more", NOTHING, now=timezone.now())
        page = admin_client.get(PAGE).content.decode()
        assert "&lt;b&gt;sofa &amp; more" in page
        link = "/admin/catalog/synonym/add/?words=%3Cb%3Esofa+%26+more%2C+"
        assert f'href="{link}"' in page
        form = admin_client.get(link).context["adminform"].form
        assert form["words"].value() == "<b>sofa & more, "

    @pytest.mark.parametrize(
        ("query", "expected"),
        [("", 7), ("?days=7", 7), ("?days=30", 30), ("?days=90", 90), ("?days=8", 7), ("?days=x", 7)],
    )
    def test_shows_some_days(self, admin_client: Client, query: str, expected: int) -> None:
        for days in (7, 30, 90):
            count(f"within{days}", FOUND, now=timezone.now() - timedelta(days=days - 1))
        page = admin_client.get(PAGE + query)
        text = page.content.decode()
        assert page.context["days"] == expected
        for days in (7, 30, 90):
            assert (f"within{days}" in text) == (days <= expected)

    def test_is_for_people_with_the_permission(self) -> None:
        count("sofa", NOTHING, now=timezone.now())
        assert clerk().get(PAGE).status_code == 403
        reader = clerk("view_searchterm")
        page = reader.get(PAGE).content.decode()
        assert "sofa" in page
        assert "Add a synonym" not in page

    def test_changes_nothing(self, admin_client: Client) -> None:
        count("sofa", NOTHING)
        key = SearchTerm.objects.get().pk
        for page in (f"{PAGE}add/", f"{PAGE}{key}/delete/"):
            assert admin_client.get(page).status_code == 403
        assert admin_client.post(f"{PAGE}{key}/change/", {"term": "x"}).status_code == 403
        admin_client.post(PAGE, {"action": "delete_selected", "_selected_action": key})
        assert [term for _, term, *_ in rows()] == ["sofa"]


def test_terms_are_deleted_after_90_days() -> None:
    count("old", FOUND, now=NOW - timedelta(days=91))
    count("kept", FOUND, now=NOW - timedelta(days=90))
    [heap] = [heap for heap in find_heaps(NOW) if heap.name == "search terms"]
    assert sum(prune(heap)) == 1
    assert [term for _, term, *_ in rows()] == ["kept"]
