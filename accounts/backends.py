"""Sign-in by e-mail address and password, for the API and the admin."""

from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.http import HttpRequest

from accounts.models import User


class EmailBackend(ModelBackend):
    """Django's backend, which also counts guesses at accounts that do not exist, and spends as long on them.

    Neither the answer nor its timing tells a stranger which addresses have an account.
    """

    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        **_: Any,
    ) -> User | None:
        """Return the user, or None.

        Raises: TooManyAttempts, RateLimited.
        """
        if username is None or password is None:
            return None
        user = User.objects.with_email(username).first() or User.nobody(username)
        right = user.check_password(password)
        return user if right and self.user_can_authenticate(user) else None
