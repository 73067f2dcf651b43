"""The root schema: the fields that belong to no app, and rules for the whole schema."""

from collections.abc import Iterator
from typing import Any

from graphql import is_specified_scalar_type
from pytest_django import Settings

from backend.schema import schema
from tests.conftest import GraphQLClient


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
