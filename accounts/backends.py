"""Signing in by e-mail address and password, at the API and in the admin."""

from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.http import HttpRequest

from accounts.models import User


class EmailBackend(ModelBackend):
    """Django's backend, but for guesses: those at an account that does not exist are counted and take as long."""

    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        **_: Any,
    ) -> User | None:
        """The user, or None. Raises: TooManyAttempts, RateLimited."""
        if username is None or password is None:
            return None
        user = User.objects.with_email(username).first() or User.nobody(username)
        right = user.check_password(password)
        return user if right and self.user_can_authenticate(user) else None
