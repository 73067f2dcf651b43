"""Browsers in which somebody of the staff has signed in to the admin."""

from django.contrib.auth.models import Permission
from django.test import Client

from accounts.models import User
from tests.factories import make_user


def browser_of(user: User) -> Client:
    browser = Client()
    browser.force_login(user)
    return browser


def clerk(*rights: str) -> Client:
    """Staff with these permissions alone, by codename."""
    user = make_user(is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=rights))
    return browser_of(user)
