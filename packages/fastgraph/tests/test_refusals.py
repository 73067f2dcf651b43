"""Operations with unsupported features are left to graphql-core, and the reason is logged."""

import logging
from typing import Any

import pytest
import strawberry
from pytest_django import Settings
from strawberry.schema.config import StrawberryConfig

from packages.fastgraph import Plan
from packages.fastgraph.readers import Readers
from packages.fastgraph.tests.schema import Loud, compile_plan


@strawberry.type
class Plain:
    loud: str = strawberry.field(default="a", extensions=[Loud()])


@strawberry.type
class Root:
    @strawberry.field
    def plain(self) -> Plain:
        return Plain()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{ generated @skip(if: false) }", "directives"),
        (
            "{ tree { ...part } } fragment part on Branch { leaves { number @include(if: true) } }",
            "directives",
        ),
        ("{ tree { ...part @skip(if: false) } } fragment part on Branch { __typename }", "directives"),
        ("{ __schema { types { name } } }", "introspection"),
        ("{ later }", "asynchronous"),
    ],
)
def test_of_an_operation(text: str, reason: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, logger="fastgraph"):
        assert compile_plan(text) is None
    assert reason in caplog.text
    assert [record.levelname for record in caplog.records] == ["DEBUG"]


def test_of_an_extension_without_a_resolver() -> None:
    assert compile_plan("{ plain { loud } }", strawberry.Schema(query=Root)) is None


def test_of_a_default_resolver() -> None:
    config = StrawberryConfig(default_resolver=lambda source, name: 1)
    assert compile_plan("{ plain { __typename } }", strawberry.Schema(query=Root, config=config)) is None
    assert compile_plan("{ plain { __typename } }", strawberry.Schema(query=Root))


class TestFaults:
    """A fault in the compiler itself costs speed in production, and a test in development."""

    @pytest.fixture(autouse=True)
    def _fault(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def fail(*args: Any, **options: Any) -> Any:
            raise KeyError("a fault")

        monkeypatch.setattr(Readers, "of_field", fail)

    def test_raise_in_development(self, settings: Settings) -> None:
        settings.FASTGRAPH_STRICT = True
        with pytest.raises(KeyError):
            compile_plan("query Numbers { generated }")

    def test_are_logged_in_production(self, settings: Settings, caplog: pytest.LogCaptureFixture) -> None:
        settings.FASTGRAPH_STRICT = False
        assert compile_plan("query Numbers { generated }") is None
        [record] = caplog.records
        assert record.levelname == "WARNING"
        assert "Numbers" in caplog.text


def test_plans_are_what_compile_returns() -> None:
    assert isinstance(compile_plan("{ generated }"), Plan)
