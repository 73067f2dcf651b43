"""Parameters are checked against the SDK's own types."""

from typing import Any

import pytest
import stripe

from packages.stripe_fake import FakeStripe


class TestRead:
    @pytest.mark.parametrize(
        ("changes", "code", "param"),
        [
            ({"metdata": {"a": "1"}}, "parameter_unknown", "metdata"),
            (
                {"payment_method_types": ["card"]},
                "payment_method_types_no_longer_supported",
                "payment_method_types",
            ),
            (
                {"automatic_payment_methods": {"enabled": True, "redirects": "never"}},
                "parameter_unknown",
                "automatic_payment_methods[redirects]",
            ),
            (
                {"automatic_payment_methods": {"allow_redirects": "never"}},
                "parameter_missing",
                "automatic_payment_methods[enabled]",
            ),
            (
                {"automatic_payment_methods": {"enabled": True, "allow_redirects": "no"}},
                None,
                "automatic_payment_methods[allow_redirects]",
            ),
            ({"amount": "19.99"}, "parameter_invalid_integer", "amount"),
            ({"amount": ""}, "parameter_invalid_empty", "amount"),
            ({"amount": {"usd": 1}}, None, "amount"),
            ({"confirm": "yes"}, None, "confirm"),
            ({"amount": None}, "parameter_missing", "amount"),
        ],
    )
    def test_refuses_what_stripe_refuses(
        self,
        client: stripe.StripeClient,
        fake: FakeStripe,
        changes: Any,
        code: str | None,
        param: str,
    ) -> None:
        params: Any = {"amount": 1999, "currency": "usd", **changes}
        with pytest.raises(stripe.InvalidRequestError) as refusal:
            client.v1.payment_intents.create(params)
        assert (refusal.value.code, refusal.value.param) == (code, param)
        assert fake.events() == []

    def test_takes_nested_lists_and_mappings(self, client: stripe.StripeClient) -> None:
        intent = client.v1.payment_intents.create(
            {
                "amount": 1999,
                "currency": "usd",
                "expand": ["latest_charge", "payment_method"],
                "shipping": {"name": "Ann", "address": {"line1": "1 Main St", "country": "US"}},
                "metadata": {"note": "a & b = [c]"},
            }
        )
        assert (intent.latest_charge, intent.payment_method) == (None, None)
        assert intent.shipping is not None
        assert intent.shipping.address is not None
        assert intent.shipping.address.line1 == "1 Main St"
        assert intent.metadata["note"] == "a & b = [c]"

    def test_says_what_it_does_not_imitate(self, client: stripe.StripeClient, fake: FakeStripe) -> None:
        with pytest.raises(NotImplementedError, match="capture_method"):
            client.v1.payment_intents.create({"amount": 1999, "currency": "usd", "capture_method": "manual"})
        with pytest.raises(NotImplementedError, match="GET /v1/customers"):
            client.v1.customers.list()
        assert fake.events() == []
