"""Changing the address or deleting the account while other tabs are active."""

from functools import partial
from typing import Any

import pytest
from django.utils import timezone

from accounts import links
from accounts.address_book import MAX_ADDRESSES, delete_address
from accounts.models import Address, User
from accounts.services import verify_email
from core.errors import ValidationError
from orders.audit import differences
from orders.models import CartItem, Order
from reviews.models import Comment
from tests.accounts.operations import DELETE_ACCOUNT, token_in
from tests.conftest import GraphQLClient, global_id
from tests.factories import PASSWORD, STREET, make_comment, make_entry, make_product, make_user
from tests.orders.conftest import ADDRESS, CHECKOUT, add_to_cart
from tests.races.conftest import at_once
from tests.reviews.sums import assert_sums

pytestmark = pytest.mark.django_db(transaction=True)

ADD_FAVOURITE = "mutation($id: ID!) { answer: addFavourite(input: {productId: $id}) { __typename } }"
ADD_TO_CART = "mutation($id: ID!) { answer: addToCart(input: {productId: $id}) { __typename } }"
COMMENT = """mutation($id: ID!) {
    answer: createComment(input: {productId: $id, body: "Late", rating: 3}) { __typename } }"""
CREATE_ORDER = "mutation { answer: createOrder { __typename } }"
UPDATE_PROFILE = 'mutation { answer: updateProfile(input: {name: "Late"}) { __typename } }'


def browser_of(user: User) -> GraphQLClient:
    browser = GraphQLClient()
    browser.force_login(user)
    return browser


def outcome(browser: GraphQLClient, document: str, **variables: Any) -> str:
    """Return the type of the answer, or the code of the error."""
    answer = browser.send(document, **variables)
    if "errors" in answer:
        return str(answer["errors"][0]["extensions"]["code"])
    [value] = answer["data"].values()
    return str(value["__typename"])


def delete(browser: GraphQLClient) -> str:
    return outcome(browser, DELETE_ACCOUNT, input={"password": PASSWORD})


class TestDeleteAccount:
    def test_against_checkout(self) -> None:
        """Either the order is placed and the account stays, or neither exists."""
        for _ in range(6):
            user, product = make_user(), make_product(stock=5)
            tab, other_tab = browser_of(user), browser_of(user)
            add_to_cart(tab, product)
            input = {"shipping": ADDRESS, "idempotencyKey": "6b0d6a0e-2f0f-4c64-9d43-3f3b8f6f6c11"}
            bought, deleted = at_once(
                partial(outcome, tab, CHECKOUT, input=input), partial(delete, other_tab)
            )
            if bought == "Order":
                assert deleted == "ValidationError"
                assert Order.objects.get(user=user).status == "pending"
            else:
                assert (bought in ("CartEmpty", "UNAUTHENTICATED"), deleted) == (True, "Done")
                product.refresh_from_db()
                assert product.stock == 5
            assert User.objects.filter(pk=user.pk).exists() is (bought == "Order")
        assert list(differences(now=timezone.now())) == []

    def test_against_everything_else(self) -> None:
        """Writes of other tabs succeed while the account exists, and are then refused. Nothing deadlocks."""
        for _ in range(4):
            user, product, rated = make_user(), make_product(), make_product()
            make_comment(user=user, product=rated, rating=5)
            documents = (ADD_FAVOURITE, ADD_TO_CART, COMMENT, CREATE_ORDER, UPDATE_PROFILE)
            id_ = global_id("Product", product.pk)
            deleted, *written = at_once(
                partial(delete, browser_of(user)),
                *(partial(outcome, browser_of(user), document, id=id_) for document in documents),
            )
            names = ("Product", "Cart", "Comment", "Order", "User")
            assert all(got in (name, "UNAUTHENTICATED") for got, name in zip(written, names, strict=True)), (
                written
            )
            if deleted == "Done":
                assert not User.objects.filter(pk=user.pk).exists()
                assert not Comment.objects.filter(product__in=[product, rated]).exists()
                assert not CartItem.objects.filter(product=product, cart__visitor=None).exists()
                assert_sums(rated, [0, 0, 0, 0, 0])
            else:
                assert deleted == "ValidationError"
                assert "UNAUTHENTICATED" not in written
                assert_sums(rated, [0, 0, 0, 0, 1])
        assert not Order.objects.filter(user=None).exists()

    def test_twice_at_once(self) -> None:
        user = make_user()
        browsers = [browser_of(user) for _ in range(3)]
        outcomes = at_once(*(partial(delete, browser) for browser in browsers))
        assert sorted(outcomes) == ["Done", "UNAUTHENTICATED", "UNAUTHENTICATED"]


class TestChangeEmail:
    @staticmethod
    def verify(token: str) -> bool:
        try:
            verify_email(token=token)
        except ValidationError:
            return False
        return True

    def test_two_links_of_one_person_at_once(self) -> None:
        user = make_user()
        addresses = [f"new{number}@example.org" for number in range(6)]
        tokens = [token_in(links.EmailChange(address).mail(user)) for address in addresses]
        outcomes = at_once(*(partial(self.verify, token) for token in tokens))
        assert outcomes.count(True) == 1
        user.refresh_from_db()
        assert user.email == addresses[outcomes.index(True)]

    def test_two_people_and_one_address_at_once(self) -> None:
        people = [make_user() for _ in range(6)]
        tokens = [token_in(links.EmailChange("new@example.org").mail(person)) for person in people]
        outcomes = at_once(*(partial(self.verify, token) for token in tokens))
        assert outcomes.count(True) == 1
        assert User.objects.get(email="new@example.org") == people[outcomes.index(True)]


class TestAddressBook:
    """Whatever happens at once, a book has one default address and at most MAX_ADDRESSES."""

    def test_first_addresses_at_once(self) -> None:
        for _ in range(5):
            user = make_user()
            at_once(*[partial(make_entry, user=user)] * 3)
            assert self.defaults(user) == 1

    def test_two_that_become_the_default(self) -> None:
        user = make_user()
        for _ in range(5):
            at_once(*[partial(make_entry, user=user, is_default=True)] * 2)
            assert self.defaults(user) == 1

    def test_deleting_the_default_against_a_new_one(self) -> None:
        for _ in range(5):
            user = make_user()
            first, _ = make_entry(user=user), make_entry(user=user)
            at_once(
                partial(delete_address, user=user, key=first), partial(make_entry, user=user, is_default=True)
            )
            assert (self.defaults(user), user.addresses.count()) == (1, 2)

    def test_the_last_place(self) -> None:
        user = make_user()
        Address.objects.bulk_create(Address(user=user, **STREET) for _ in range(MAX_ADDRESSES - 1))
        assert sorted(at_once(*[partial(self.add, user)] * 3)) == [False, False, True]
        assert user.addresses.count() == MAX_ADDRESSES

    @staticmethod
    def add(user: User) -> bool:
        try:
            make_entry(user=user)
        except ValidationError:
            return False
        return True

    @staticmethod
    def defaults(user: User) -> int:
        return Address.objects.filter(user=user, is_default=True).count()
