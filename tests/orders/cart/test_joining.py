"""What becomes of a guest's cart at sign-in."""

from collections.abc import Callable
from decimal import Decimal

import pytest

from accounts.models import User
from orders.models import MAX_LINES, MAX_QUANTITY, Cart, Order
from tests.conftest import GraphQLClient
from tests.factories import PASSWORD, make_product, make_user
from tests.orders.cart.conftest import (
    REGISTER,
    cart_of,
    login,
    make_products,
    quantities,
    reprice,
)
from tests.orders.conftest import add_to_cart, checkout, nothing_changes

pytestmark = pytest.mark.django_db


class TestJoin:
    """Signing in moves the visitor's cart and orders to the account."""

    def test_quantities_add_up_to_the_limit(
        self, api: GraphQLClient, signed_in: Callable[[User], GraphQLClient]
    ) -> None:
        user = make_user()
        lamp = make_product(name="Lamp", price=Decimal(1), stock=5000)
        rug, cup = make_product(name="Rug"), make_product(name="Cup")
        at_home = signed_in(user)
        add_to_cart(at_home, lamp, 600)
        add_to_cart(at_home, rug, 2)
        add_to_cart(api, lamp, 600)
        add_to_cart(api, rug, 3)
        add_to_cart(api, cup, 1)
        login(api, user)
        assert quantities(api) == quantities(at_home) == {"Lamp": MAX_QUANTITY, "Rug": 5, "Cup": 1}
        assert Cart.objects.get().user == user

    def test_only_once(self, api: GraphQLClient) -> None:
        user = make_user()
        add_to_cart(api, make_product(name="Lamp"), 2)
        login(api, user)
        login(api, user)
        login(GraphQLClient(), user)
        assert quantities(api) == {"Lamp": 2}

    def test_a_cart_with_nothing_to_add_to(self, api: GraphQLClient) -> None:
        add_to_cart(api, make_product(name="Lamp"), 2)
        login(api, make_user())
        assert quantities(api) == {"Lamp": 2}
        assert quantities(GraphQLClient()) == {}

    @pytest.mark.slow
    def test_lines_beyond_the_limit_stay_behind(
        self, api: GraphQLClient, signed_in: Callable[[User], GraphQLClient]
    ) -> None:
        user = make_user()
        *own, shared, brought = make_products(MAX_LINES + 1)
        at_home = signed_in(user)
        for product in (*own, shared):
            add_to_cart(at_home, product)
        add_to_cart(api, shared)
        add_to_cart(api, brought)
        login(api, user)
        assert len(cart_of(api)["items"]) == MAX_LINES
        assert quantities(api)[shared.name] == 2
        assert brought.name not in quantities(api)

    def test_registering_joins_too(self, api: GraphQLClient) -> None:
        add_to_cart(api, make_product(name="Lamp"), 2)
        answer = api.run(REGISTER, email="new@example.com", password=PASSWORD)
        assert answer["register"]["__typename"] == "User"
        assert quantities(api) == {"Lamp": 2}
        assert Cart.objects.get().user == User.objects.get(email="new@example.com")

    def test_after_logout_there_is_a_new_visitor(self, api: GraphQLClient) -> None:
        user = make_user()
        add_to_cart(api, make_product(name="Lamp"), 2)
        login(api, user)
        api.run("mutation { logout }")
        assert quantities(api) == {}
        add_to_cart(api, make_product(name="Rug"))
        assert quantities(api) == {"Rug": 1}
        login(api, user)
        assert quantities(api) == {"Lamp": 2, "Rug": 1}

    def test_what_was_seen_stays_seen(self, api: GraphQLClient) -> None:
        lamp = make_product()
        add_to_cart(api, lamp)
        reprice(lamp, "12.00")
        login(api, make_user())
        [change] = cart_of(api)["changes"]
        assert change["before"]["amount"] == "10.00"

    def test_orders_and_their_keys_move(self, api: GraphQLClient) -> None:
        user, key = make_user(), "9f3f8d0a-5c0e-4e42-9a15-0c7d2b6d8f11"
        lamp = make_product()
        add_to_cart(api, lamp)
        order = checkout(api, idempotencyKey=key)
        login(api, user)
        row = Order.objects.get()
        assert (row.user, row.visitor) == (user, None)
        add_to_cart(api, lamp)
        with nothing_changes():
            assert checkout(api, idempotencyKey=key)["uuid"] == order["uuid"]

    def test_a_key_that_both_have_used_names_the_accounts_order(
        self, api: GraphQLClient, signed_in: Callable[[User], GraphQLClient]
    ) -> None:
        user, key = make_user(), "9f3f8d0a-5c0e-4e42-9a15-0c7d2b6d8f11"
        lamp = make_product()
        browser = signed_in(user)
        add_to_cart(browser, lamp)
        own = checkout(browser, idempotencyKey=key)
        add_to_cart(api, lamp)
        checkout(api, idempotencyKey=key)
        login(api, user)
        assert Order.objects.filter(user=user).count() == 2
        assert checkout(api, idempotencyKey=key)["uuid"] == own["uuid"]

    def test_another_visitors_orders_stay_theirs(self, api: GraphQLClient) -> None:
        stranger = GraphQLClient()
        lamp = make_product()
        add_to_cart(stranger, lamp)
        checkout(stranger)
        add_to_cart(stranger, lamp)
        add_to_cart(api, lamp)
        login(api, make_user(email="ada@example.com"))  # the shipping address
        assert Order.objects.get().user is None
        assert quantities(stranger) == {lamp.name: 1}
