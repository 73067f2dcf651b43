"""A mutation's resolver runs once, even if its answer has an error."""

import pytest

from packages.fastgraph.tests.schema import Context, run_core, run_plan


@pytest.mark.parametrize(
    ("text", "done"),
    [
        ('mutation { act(name: "a") { number } }', ["a"]),
        ('mutation { act(name: "a") { breaks } }', ["a"]),
        ('mutation { act(name: "a") { mayBreak } }', ["a"]),
        ('mutation { a: act(name: "a") { mayBreak } b: act(name: "b") { number } }', ["a", "b"]),
        ('mutation { a: maybeAct(name: "a") { breaks } b: act(name: "b") { number } }', ["a", "b"]),
        ('mutation { a: act(name: "a") { breaks } b: act(name: "b") { number } }', ["a"]),
        ('mutation { a: act(name: "a") { number } b: act(name: "b") { breaks } }', ["a", "b"]),
        ('mutation { a: refuse(name: "a") { number } b: act(name: "b") { number } }', ["a", "b"]),
        ('mutation { a: generate(name: "a") { breaks } b: act(name: "b") { number } }', ["a"]),
        ('mutation { b: act(name: "b") { number } a: generate(name: "a") { number } }', ["b", "a"]),
        ('mutation { act(name: "a") { number } act(name: "a") { mayBreak } }', ["a"]),
    ],
)
def test_runs_once_and_in_order(text: str, done: list[str]) -> None:
    planned, core = Context(), Context()
    assert run_plan(text, planned).formatted == run_core(text, core).formatted
    assert planned.done == core.done == done
