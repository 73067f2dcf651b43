"""Signing in while another tab of the same browser is still shopping."""

from functools import partial
from uuid import uuid4

import pytest
from django.utils import timezone

from orders import models
from orders.cart import ShoppingCart
from orders.checkout import place
from orders.choices import Choice
from orders.joining import join
from orders.models import CartItem, Order
from orders.owners import Owner
from tests.factories import make_details, make_product, make_user
from tests.races.conftest import at_once

pytestmark = pytest.mark.django_db(transaction=True)


class TestJoin:
    def test_against_adding(self) -> None:
        """A product added during sign-in arrives in the account's cart, whichever comes first."""
        user, product, now = Owner(user=make_user()), make_product(stock=50), timezone.now()
        visitor = Owner(visitor=uuid4())
        ShoppingCart(user).add(Choice(make_product().pk, by_product=True), 1, now=now)
        ShoppingCart(visitor).add(Choice(product.pk, by_product=True), 1, now=now)
        adds = [
            partial(ShoppingCart(visitor).add, Choice(product.pk, by_product=True), 1, now=now)
            for _ in range(6)
        ]
        at_once(*adds[:3], partial(join, visitor, user), *adds[3:])
        assert CartItem.objects.get(product=product, cart__user=user.user).quantity == 7
        assert models.Cart.objects.count() == 1

    def test_against_the_first_write(self) -> None:
        """The visitor's cart is being created during sign-in."""
        product, now = make_product(stock=50), timezone.now()
        for _ in range(5):
            user, visitor = Owner(user=make_user()), Owner(visitor=uuid4())
            add = partial(ShoppingCart(visitor).add, Choice(product.pk, by_product=True), 1, now=now)
            at_once(add, add, partial(join, visitor, user), add)
            assert CartItem.objects.get(cart__user=user.user).quantity == 3
        assert models.Cart.objects.count() == 5

    def test_twice_at_once(self) -> None:
        user, product, now = Owner(user=make_user()), make_product(stock=50), timezone.now()
        visitor = Owner(visitor=uuid4())
        ShoppingCart(visitor).add(Choice(product.pk, by_product=True), 2, now=now)
        ShoppingCart(user).add(Choice(product.pk, by_product=True), 3, now=now)
        at_once(*(partial(join, visitor, user) for _ in range(4)))
        assert CartItem.objects.get().quantity == 5

    def test_against_checkout(self) -> None:
        """The order is the account's, whichever comes first."""
        user, product, now = Owner(user=make_user()), make_product(), timezone.now()
        visitor = Owner(visitor=uuid4())
        ShoppingCart(visitor).add(Choice(product.pk, by_product=True), 2, now=now)
        buy = partial(
            place,
            address="127.0.0.1",
            owner=visitor,
            details=make_details(),
            idempotency_key=uuid4(),
            expected_total=None,
            now=now,
        )
        at_once(buy, partial(join, visitor, user))
        order = Order.objects.get()
        assert order.user == user.user
        assert not CartItem.objects.exists()
