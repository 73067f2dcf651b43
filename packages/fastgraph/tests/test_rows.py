"""Rows: their columns, and resolvers that read a column that was not selected."""

import logging
from collections.abc import Callable

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test.utils import CaptureQueriesContext
from graphql import ExecutionResult
from pytest_django import Settings

from packages.fastgraph import Computed, NotSelected, Statement
from packages.fastgraph.tests.schema import Context, compile_plan, run_core, run_plan

pytestmark = pytest.mark.django_db
ADD = "add_contenttype"


def statements(text: str) -> list[str]:
    """Run the document without errors, and return its SQL."""
    with CaptureQueriesContext(connection) as captured:
        assert run_plan(text).errors is None
    return [query["sql"] for query in captured]


def columns(sql: str) -> set[str]:
    return {part.split(" AS ")[0].split(".")[-1].strip('" ') for part in sql.split("FROM")[0].split(",")}


def test_only_what_is_selected_is_read() -> None:
    [sql] = statements("{ rights { name } }")
    assert columns(sql) == {"id", "name"}
    [sql] = statements("{ rights { shout } }")
    assert columns(sql) == {"id", "codename"}
    [sql] = statements("{ rights { app } }")
    assert columns(sql) == {"id", "content_type_id", "app_label"}


@pytest.mark.parametrize("run", [run_plan, run_core])
def test_further_columns_are_read_with_the_rows(run: Callable[[str], ExecutionResult]) -> None:
    with CaptureQueriesContext(connection) as captured:
        result = run("{ sortedRights { name } }")
    assert result.errors is None
    [query] = captured
    assert columns(query["sql"]) >= {"id", "name", "codename"}


def test_a_model_as_the_parent_asks_for_an_instance() -> None:
    [sql, *_] = statements(f'{{ right(codename: "{ADD}") {{ naturalKey }} }}')
    assert {"id", "name", "codename"} & columns(sql)


def test_what_leads_to_many_rows_is_read_as_instances() -> None:
    assert len(statements("{ rights { kind { rights { name } } } }")) == 2


def test_sql_is_compiled_once() -> None:
    plan = compile_plan("query ($codename: String!) { right(codename: $codename) { name } }")
    assert plan
    for codename in (ADD, "delete_contenttype"):
        result = plan.run({"codename": codename}, Context())
        assert result.data == {"right": {"name": Permission.objects.get(codename=codename).name}}


class TestForgotten:
    """A resolver reads a column that its Protocol does not name."""

    TEXT = f'{{ right(codename: "{ADD}") {{ forgetful }} }}'

    def test_raises_where_mistakes_do(self, settings: Settings) -> None:
        settings.FASTGRAPH_STRICT = True
        result = run_plan(self.TEXT)
        assert result.errors
        [error] = result.errors
        assert isinstance(error.original_error, NotSelected)
        assert "Right was read without 'codename'" in error.message
        assert "only=['codename']" in error.message

    def test_costs_a_statement_and_a_warning(
        self, settings: Settings, caplog: pytest.LogCaptureFixture
    ) -> None:
        settings.FASTGRAPH_STRICT = False
        with caplog.at_level(logging.WARNING, logger="fastgraph"):
            assert len(statements(self.TEXT)) == 2
            assert run_plan(self.TEXT).data == {"right": {"forgetful": ADD}}
        assert "codename" in caplog.text


def test_a_row_stands_for_its_key_in_a_query() -> None:
    assert run_plan(f'{{ right(codename: "{ADD}") {{ siblings }} }}').data == {"right": {"siblings": 1}}


@pytest.mark.parametrize("run", [run_plan, run_core])
def test_a_related_row_may_be_hidden(run: Callable[[str], ExecutionResult]) -> None:
    with CaptureQueriesContext(connection) as captured:
        result = run(
            '{ shown: rights(app: "auth") { contentType { model } } hidden: rights { contentType { model } } }'
        )
    assert result.errors is None
    assert len(captured) == 2
    assert result.data
    assert {"contentType": {"model": "group"}} in result.data["shown"]
    assert result.data["hidden"] == [{"contentType": None}] * 4


def test_a_computed_value_is_computed_by_each_run_of_kept_sql() -> None:
    names = iter([ADD, "add_group"])
    field = Permission._meta.get_field("codename")
    found = Permission.objects.filter(codename=Computed(lambda: next(names), field)).values_list("codename")
    statement = Statement(found)
    assert [list(statement.rows({})) for _ in range(2)] == [[(ADD,)], [("add_group",)]]


def test_a_computed_value_is_computed_by_each_run_of_a_queryset() -> None:
    names = iter([ADD, "add_group"])
    field = Permission._meta.get_field("codename")
    found = Permission.objects.filter(codename=Computed(lambda: next(names), field)).values_list("codename")
    assert [list(found.all()) for _ in range(2)] == [[(ADD,)], [("add_group",)]]
