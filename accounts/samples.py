"""The mails of accounts with sample data, for the page /dev/mail/."""

from django.core.mail import EmailMessage

from accounts import links
from accounts.models import User


def mails() -> dict[str, EmailMessage]:
    user = User(pk=1, email="ada@example.com", first_name="Ada")
    return {
        "verify-email": links.email_verification.mail(user),
        "reset-password": links.password_reset.mail(user),
        "change-email": links.EmailChange("ada@example.org").mail(user),
        "change-email-notice": links.build_change_notice(user.email),
        "address-taken": links.build_address_taken("ada@example.org"),
    }
