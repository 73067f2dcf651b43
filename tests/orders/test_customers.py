"""What a customer has bought, on the page of the user."""

import re
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from orders.models import Order
from orders.refunding import refund
from tests.conftest import GraphQLClient
from tests.factories import make_entry, make_product, make_user
from tests.orders.conftest import Bank, add_to_cart, checkout, statements
from tests.staff import clerk

pytestmark = pytest.mark.django_db


def page_of(user: User) -> str:
    return reverse("admin:accounts_user_change", args=[user.pk])


def buy(user: User, bank: Bank, *, pay: bool = True, price: int = 20) -> Order:
    browser = GraphQLClient()
    browser.force_login(user)
    add_to_cart(browser, make_product(price=Decimal(price)))
    uuid = checkout(browser)["uuid"]
    if pay:
        bank.pay(uuid)
    return Order.objects.get(pk=uuid)


class TestPage:
    def test_shows_orders_the_sum_spent_and_addresses(self, superuser: Client, bank: Bank) -> None:
        user, other = make_user(), make_user()
        make_entry(user=user, company="Lovelace Ltd")
        kept, back = buy(user, bank), buy(user, bank, price=30)
        unpaid, theirs = buy(user, bank, pay=False), buy(other, bank, pay=False)
        refund(order_uuid=back.pk, amount=Decimal(25), now=timezone.now())
        shown = superuser.get(page_of(user)).text
        assert "Lovelace Ltd" in shown
        assert "$25.00" in shown  # 20 and what is left of 30
        for order in (kept, back, unpaid):
            assert reverse("admin:orders_order_change", args=[order.pk]) in shown
        assert theirs.number not in shown

    def test_of_somebody_who_has_bought_nothing(self, superuser: Client) -> None:
        shown = superuser.get(page_of(make_user())).text
        assert "Spent" in shown
        assert not re.search(r"\$\d", shown)

    def test_is_only_for_those_who_may_see_orders(self, bank: Bank) -> None:
        user = make_user()
        order = buy(user, bank)
        shown = clerk("view_user").get(page_of(user)).text
        assert order.number not in shown
        assert "Spent" not in shown
        shown = clerk("view_user", "view_order").get(page_of(user)).text
        assert order.number in shown
        assert "$20.00" in shown

    def test_takes_as_many_statements_for_many_orders(self, superuser: Client, bank: Bank) -> None:
        user = make_user()
        superuser.get(page_of(user))  # what Django reads once, such as content types
        counts = []
        for _ in range(3):
            buy(user, bank)
            counts.append(statements(lambda: superuser.get(page_of(user))))
        assert len({*counts}) == 1

    def test_saving_the_user_leaves_the_orders(self, superuser: Client, bank: Bank) -> None:
        user = make_user()
        buy(user, bank)
        before = list(Order.objects.values())
        form = {
            "email": user.email,
            "first_name": "Grace",
            "is_active": "on",
            "profile-TOTAL_FORMS": "1",
            "profile-INITIAL_FORMS": "1",
            "profile-0-id": str(user.profile.pk),
            "profile-0-user": str(user.pk),
            "profile-0-name": user.profile.name,
            "addresses-TOTAL_FORMS": "0",
            "addresses-INITIAL_FORMS": "0",
            "orders-TOTAL_FORMS": "0",
            "orders-INITIAL_FORMS": "0",
        }
        assert superuser.post(page_of(user), form).status_code == 302
        user.refresh_from_db()
        assert user.first_name == "Grace"
        assert list(Order.objects.values()) == before
