"""The receiver that moves a visitor's cart and orders to the account at sign-in. Accounts need not know orders."""

from typing import Any

from django.contrib.auth.signals import user_logged_in
from django.dispatch import receiver
from django.http import HttpRequest

from accounts.models import User
from orders.joining import join
from orders.owners import Owner, take_visitor


@receiver(user_logged_in)
def join_visitor(*, request: HttpRequest, user: User, **_: Any) -> None:
    visitor = take_visitor(request.session)
    if visitor:
        join(visitor, Owner(user=user))
