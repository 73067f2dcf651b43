"""A plan gives the same answer as graphql-core, including all errors."""

from typing import Any

import pytest

from packages.fastgraph.tests.schema import run_core, run_plan

READ = [
    "{ rights { id name shout app kind { model } } }",
    "{ rights { a: shout(times: 2) b: shout ...more } } fragment more on Right { name ... on Right { name } }",
    '{ right(codename: "add_contenttype") { name kind { rights { name } } } }',
    '{ right(codename: "nothing") { name } }',
    '{ right(codename: "add_contenttype") { naturalKey mayBreak } }',
    "{ rights { name mayBreak } }",
    "{ rights { name breaks } }",
]
PLAIN = [
    "{ __typename tree { leaves { number double __typename } looseLeaves { number } } }",
    "{ tree { either { __typename ... on Leaf { number } ... on Branch { leaves { double } } } } }",
    "{ tree { leaves { oddMayBreak } } }",
    "{ tree { leaves { oddBreaks } } }",
    "{ maybeTree { leaves { oddBreaks } } }",
    "{ maybeTree { looseLeaves { oddMayBreak oddBreaks } leaves { oddMayBreak } } }",
    "{ tree { either { ... on Leaf { oddBreaks } ... on Branch { looseLeaves { oddBreaks } } } } }",
    "{ maybeTree { either { ... on Branch { leaves { number oddMayBreak } } } looseLeaves { oddBreaks } } }",
    '{ generated echo other: echo(text: "b") }',
    "{ breaksHalfWay generated }",
    "{ generated null }",
    "{ returnedError noNumber generated }",
]


@pytest.mark.parametrize("text", PLAIN)
def test_plain_objects(text: str) -> None:
    assert run_plan(text).formatted == run_core(text).formatted


@pytest.mark.django_db
@pytest.mark.parametrize("text", READ)
def test_rows(text: str) -> None:
    assert run_plan(text).formatted == run_core(text).formatted


@pytest.mark.parametrize("variables", [{}, {"text": "b"}, {"text": None}, {"text": 1}])
def test_variables(variables: dict[str, Any]) -> None:
    text = 'query ($text: String! = "c") { echo(text: $text) }'
    assert run_plan(text, **variables).formatted == run_core(text, **variables).formatted


@pytest.mark.parametrize(
    ("field", "message"), [("noList", "a string"), ("ofNoType { __typename }", "none of")]
)
def test_values_of_the_wrong_type(field: str, message: str) -> None:
    result = run_plan(f"{{ {field} }}")
    assert result.data == {field.split()[0]: None}
    assert result.errors
    assert message in result.errors[0].message


def test_errors_keep_their_cause() -> None:
    result = run_plan("{ tree { leaves { oddMayBreak } } }")
    assert [type(error.original_error).__name__ for error in result.errors or ()] == ["Broken", "Broken"]
