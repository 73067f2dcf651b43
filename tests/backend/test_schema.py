"""The root schema: the fields that belong to no app, and rules for the whole schema."""

from collections.abc import Iterator
from typing import Any

import pytest
from graphql import GraphQLInterfaceType, is_specified_scalar_type
from pytest_django import Settings

import api
from backend.schema import schema
from core.errors import DomainError
from tests.conftest import GraphQLClient


def find_error_types() -> Iterator[str]:
    """List the types of the errors that mutations and queries answer with."""
    interface = schema._schema.type_map["UserError"]
    assert isinstance(interface, GraphQLInterfaceType)
    yield from (type_.name for type_ in schema._schema.get_possible_types(interface))


def subclasses(error: type[DomainError]) -> Iterator[type[DomainError]]:
    for child in error.__subclasses__():
        yield child
        yield from subclasses(child)


class TestShop:
    QUERY = "{ shop { currency guestCheckout stripePublishableKey } }"

    def test_as_it_is_set(self, api: GraphQLClient, settings: Settings) -> None:
        settings.STORE_CURRENCY = "EUR"
        settings.STORE_GUEST_CHECKOUT = False
        settings.STRIPE_PUBLISHABLE_KEY = "pk_test_1"
        shop = {"currency": "EUR", "guestCheckout": False, "stripePublishableKey": "pk_test_1"}
        assert api.run(self.QUERY) == {"shop": shop}

    def test_without_stripe(self, api: GraphQLClient, settings: Settings) -> None:
        settings.STRIPE_PUBLISHABLE_KEY = ""
        assert api.run(self.QUERY)["shop"]["stripePublishableKey"] is None


class TestDescriptions:
    """Front-end developers read the schema in GraphiQL or an editor first, so everything is described."""

    def test_everything_has_one(self) -> None:
        assert list(find_undescribed()) == []


class TestErrors:
    @pytest.mark.parametrize("name", sorted(find_error_types()))
    def test_each_has_an_exception_whose_code_the_api_knows(self, name: str) -> None:
        exceptions = [error for error in subclasses(DomainError) if error.__name__ == name]
        assert len(exceptions) == 1, f"{name} needs one exception of the same name, a DomainError."
        code = exceptions[0].code
        assert code in api.ErrorCode.__members__, f"{name} has code {code}, which ErrorCode lacks."


def find_undescribed() -> Iterator[str]:
    """List what lacks a description, except GraphQL's own types and the input argument of mutations."""
    for name, type_ in schema._schema.type_map.items():
        if name.startswith("__") or is_specified_scalar_type(type_):
            continue
        parts: dict[str, Any] = {name: type_}
        parts |= {f"{name}.{value}": node for value, node in getattr(type_, "values", {}).items()}
        for field, node in getattr(type_, "fields", {}).items():
            parts[f"{name}.{field}"] = node
            for argument, value in getattr(node, "args", {}).items():
                if argument != "input":
                    parts[f"{name}.{field}({argument})"] = value
        yield from (path for path, node in parts.items() if not node.description)
