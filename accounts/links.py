"""Single-use links sent by mail: what ends each one, and the mail's text."""

from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.utils.http import base36_to_int, int_to_base36
from django.utils.timesince import timesince

from accounts.models import User
from core.errors import ValidationError

EPOCH = datetime(2001, 1, 1, tzinfo=UTC)


class Link(PasswordResetTokenGenerator):
    """A kind of link to the front end. `name` is its path there, and the name of the mail's template.

    The token starts with the user's key, so the front end has to send back nothing else. It expires after
    PASSWORD_RESET_TIMEOUT seconds.
    """

    name: str

    def mail(self, user: User) -> EmailMessage:
        """Build the mail with a fresh link. The template's first line is the subject.

        The mail repeats nothing that the user typed: anyone can have it sent to anyone's address.
        """
        token = f"{int_to_base36(user.pk)}-{self.make_token(user)}"
        url = f"{settings.STORE_FRONTEND_URL.rstrip('/')}/{self.name}?token={token}"
        lifetime = timesince(EPOCH, EPOCH + timedelta(seconds=settings.PASSWORD_RESET_TIMEOUT))
        words = {"url": url, "store": settings.STORE_NAME, "lifetime": lifetime}
        subject, _, body = render_to_string(f"accounts/{self.name}.txt", words).partition("\n\n")
        return EmailMessage(subject=subject, body=body, to=[user.email])

    def user_of(self, token: str) -> User:
        """Return the user that the link was made for.

        Raises: ValidationError on `token`, where the link is no longer valid.
        """
        key, _, rest = token.partition("-")
        try:
            user = User.objects.filter(pk=base36_to_int(key), is_active=True).first()
        except ValueError:
            user = None
        if user is None or not self.check_token(user, rest):
            raise invalid_link()
        return user


class PasswordReset(Link):
    """Valid until the password changes or the person signs in."""

    name = "reset-password"


class EmailVerification(Link):
    """Valid until the address is verified or replaced."""

    name = "verify-email"
    key_salt = "accounts.links.EmailVerification"

    def _make_hash_value(self, user: User, timestamp: int) -> str:
        return f"{user.pk}|{user.email}|{user.email_verified}|{timestamp}"


password_reset = PasswordReset()
email_verification = EmailVerification()


def invalid_link() -> ValidationError:
    return ValidationError.of(token="This link is no longer valid. Please request a new one.")
