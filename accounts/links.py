"""Single-use links sent by mail, with the text of each mail and the change that ends each link."""

from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.core.mail import EmailMessage
from django.utils.http import base36_to_int, int_to_base36, urlsafe_base64_decode, urlsafe_base64_encode
from django.utils.timesince import timesince
from django.utils.translation import gettext as _

from accounts.models import User
from core.errors import ValidationError
from core.mail import build

EPOCH = datetime(2001, 1, 1, tzinfo=UTC)


class Link(PasswordResetTokenGenerator):
    """A kind of link to the front end. `page` is its path there, `template` the mail's.

    The token starts with the user's key, so the front end has to send back nothing else. It expires after
    PASSWORD_RESET_TIMEOUT seconds.
    """

    page: str
    template: str

    def mail(self, user: User) -> EmailMessage:
        """Build the mail with a fresh link."""
        url = f"{settings.STORE_FRONTEND_URL.rstrip('/')}/{self.page}?token={self.token(user)}"
        lifetime = timesince(EPOCH, EPOCH + timedelta(seconds=settings.PASSWORD_RESET_TIMEOUT))
        return write_mail(self.template, to=self.recipient(user), url=url, lifetime=lifetime)

    def recipient(self, user: User) -> str:
        return user.email

    def token(self, user: User) -> str:
        return f"{int_to_base36(user.pk)}-{self.make_token(user)}"

    def user_of(self, token: str) -> User:
        """Return the user that the link was made for.

        Raises: ValidationError on `token`, if the link is no longer valid.
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

    page = template = "reset-password"


class EmailVerification(Link):
    """Valid until the address is verified or replaced."""

    page = template = "verify-email"
    key_salt = "accounts.links.EmailVerification"

    def _make_hash_value(self, user: User, timestamp: int) -> str:
        return f"{user.pk}|{user.email}|{user.email_verified}|{timestamp}"


class EmailChange(Link):
    """Replaces the user's address by `address`. Valid until the user's address or password changes.

    The link is mailed to the new address and leads to the page that verifies one. The token contains the address,
    covered by the hash, so nothing has to be stored until it comes back.
    """

    page = "verify-email"
    template = "change-email"
    key_salt = "accounts.links.EmailChange"

    def __init__(self, address: str) -> None:
        super().__init__()
        self.address = address

    @classmethod
    def of_token(cls, token: str) -> "EmailChange | None":
        """Return the link with this token; None if the token is of another kind.

        Raises: ValidationError on `token`, if it is malformed.
        """
        encoded, dot, _ = token.partition(".")
        if not dot:
            return None
        try:
            return cls(urlsafe_base64_decode(encoded).decode())
        except ValueError as error:
            raise invalid_link() from error

    def recipient(self, user: User) -> str:
        return self.address

    def token(self, user: User) -> str:
        return f"{urlsafe_base64_encode(self.address.encode())}.{super().token(user)}"

    def user_of(self, token: str) -> User:
        return super().user_of(token.partition(".")[2])

    def _make_hash_value(self, user: User, timestamp: int) -> str:
        return f"{user.pk}|{user.email}|{user.password}|{self.address}|{timestamp}"


password_reset = PasswordReset()
email_verification = EmailVerification()


def build_change_notice(address: str) -> EmailMessage:
    """Build the mail to the old address. It does not name the new one."""
    return write_mail("change-email-notice", to=address)


def build_address_taken(address: str) -> EmailMessage:
    """Build the mail to an address that already has an account, when another account asks for it."""
    return write_mail("address-taken", to=address)


def write_mail(template: str, *, to: str, **words: str) -> EmailMessage:
    """Build a mail. It repeats no text that a visitor typed, because anyone can have it sent to any address."""
    return build(f"accounts/mail/{template}", to=to, **words)


def invalid_link() -> ValidationError:
    return ValidationError.of(token=_("This link is no longer valid. Please request a new one."))
