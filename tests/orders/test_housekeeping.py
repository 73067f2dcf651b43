"""manage.py housekeeping: old rows are deleted, rows in use stay."""

from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.utils import timezone

from accounts.models import User
from core import housekeeping as module
from orders.audit import differences
from orders.models import Cart, CartItem, Order, StripeEvent
from tests.conftest import GraphQLClient, global_id
from tests.factories import make_product, make_user
from tests.orders.conftest import ADD_TO_CART, Bank, add_to_cart, checkout, nothing_changes

pytestmark = pytest.mark.django_db

LONG_AGO = timedelta(days=31)
CREATE = "mutation { createOrder { ... on Order { uuid } ... on UserError { code } } }"
CANCEL = "mutation($uuid: UUID!) { cancelOrder(input: {uuid: $uuid}) { ... on Order { status } } }"


def housekeeping() -> list[str]:
    out = StringIO()
    call_command("housekeeping", stdout=out)
    return out.getvalue().splitlines()


class TestHousekeeping:
    def test_leaves_what_is_in_use(
        self, api: GraphQLClient, signed_in: Callable[[User], GraphQLClient], bank: Bank
    ) -> None:
        add_to_cart(api, make_product())
        shopper = signed_in(make_user())
        shopper.run(CREATE)
        add_to_cart(shopper, make_product())
        checkout(shopper)
        bank.deliver()
        with nothing_changes():
            assert housekeeping() == [
                "0 finished tasks deleted.",
                "0 failed tasks deleted.",
                "0 deliveries of webhooks deleted.",
                "0 deliveries to deleted endpoints deleted.",
                "0 expired sessions deleted.",
                "0 stock notices deleted.",
                "0 search terms deleted.",
                "0 values of options deleted.",
                "0 options deleted.",
                "0 carts of visitors deleted.",
                "0 abandoned drafts deleted.",
                "0 Stripe's events deleted.",
            ]

    def test_expired_sessions(self, api: GraphQLClient) -> None:
        add_to_cart(api, make_product())
        Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))
        assert "1 expired sessions deleted." in housekeeping()
        assert Session.objects.count() == 0

    def test_carts_of_visitors_alone(
        self, api: GraphQLClient, signed_in: Callable[[User], GraphQLClient]
    ) -> None:
        product, user = make_product(), make_user()
        for shopper in (api, signed_in(user)):
            add_to_cart(shopper, product)
        CartItem.objects.update(added_at=timezone.now() - LONG_AGO)
        add_to_cart(GraphQLClient(), product)
        assert "1 carts of visitors deleted." in housekeeping()
        assert Cart.objects.filter(user=user).exists()
        assert CartItem.objects.count() == 2
        assert add_to_cart(api, product)["totalQuantity"] == 1

    def test_drafts_that_were_never_placed(
        self, signed_in: Callable[[User], GraphQLClient], bank: Bank
    ) -> None:
        shopper = signed_in(make_user())
        uuids = [shopper.run(CREATE)["createOrder"]["uuid"] for _ in range(3)]
        shopper.run(CANCEL, uuid=uuids[0])
        add_to_cart(shopper, make_product())
        placed = checkout(shopper)["uuid"]
        shopper.run(CANCEL, uuid=placed)
        Order.objects.exclude(pk=uuids[2]).update(updated_at=timezone.now() - LONG_AGO)
        assert "2 abandoned drafts deleted." in housekeeping()
        assert {str(order.pk) for order in Order.objects.all()} == {uuids[2], placed}
        assert list(differences(now=timezone.now())) == []

    def test_events(self, api: GraphQLClient, bank: Bank) -> None:
        add_to_cart(api, make_product())
        bank.pay(checkout(api)["uuid"])
        StripeEvent.objects.update(received_at=timezone.now() - LONG_AGO)
        housekeeping()
        assert StripeEvent.objects.count() == 0
        assert list(differences(now=timezone.now())) == []

    def test_in_batches(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(module, "BATCH", 2)
        product = make_product()
        for _ in range(5):
            add_to_cart(GraphQLClient(), product)
        CartItem.objects.update(added_at=timezone.now() - LONG_AGO)
        assert "5 carts of visitors deleted." in housekeeping()


class TestWritesWithoutACookie:
    def test_make_so_many_carts_and_no_more(self, settings: Any) -> None:
        settings.STORE_MAX_VISITORS = 2
        product = make_product()
        known = GraphQLClient()
        add_to_cart(known, product)
        add_to_cart(GraphQLClient(), product)
        stranger = GraphQLClient()
        with nothing_changes():
            code = stranger.expect_refusal(ADD_TO_CART, productId=global_id("Product", product.pk))
            assert code == "RATE_LIMITED"
        assert add_to_cart(known, product)["totalQuantity"] == 2
        elsewhere = GraphQLClient(REMOTE_ADDR="203.0.113.9")
        assert add_to_cart(elsewhere, product)["totalQuantity"] == 1


class TestCreateOrder:
    @pytest.mark.slow
    def test_is_not_begun_for_ever(self, signed_in: Callable[[User], GraphQLClient]) -> None:
        shopper = signed_in(make_user())
        for _ in range(100):
            shopper.run(CANCEL, uuid=shopper.run(CREATE)["createOrder"]["uuid"])
        with nothing_changes():
            assert shopper.run(CREATE)["createOrder"] == {"code": "TOO_MANY_ATTEMPTS"}


class TestAskingStripe:
    @pytest.mark.parametrize("name", ["retryPayment", "refreshPayment"])
    def test_is_limited_by_owner(self, api: GraphQLClient, name: str) -> None:
        add_to_cart(api, make_product())
        uuid = checkout(api)["uuid"]
        document = f"mutation($uuid: UUID!) {{ {name}(input: {{uuid: $uuid}}) {{ __typename }} }}"
        for _ in range(60):
            api.run(document, uuid=uuid)
        with nothing_changes():
            assert api.expect_refusal(document, uuid=uuid) == "RATE_LIMITED"
        other = GraphQLClient()
        add_to_cart(other, make_product())
        assert other.run(document, uuid=checkout(other)["uuid"])[name]["__typename"] == "Order"
