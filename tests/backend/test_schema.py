from pytest_django import Settings

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
