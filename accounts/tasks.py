"""The mails of accounts, each a task. Each is built when it is sent, so that no link waits in the database.

Each is in the language of the request that caused it.
"""

from django.utils.crypto import constant_time_compare
from django_tasks import task

from accounts import links
from accounts.models import User
from core.languages import in_language
from core.mail import send_or_drop
from core.tasks import AWAITED


@task(priority=AWAITED)
def mail_verification(user_pk: int, language: str = "") -> None:
    """Mail the link that verifies the address, unless it is verified."""
    user = User.objects.filter(pk=user_pk, email_verified=False).first()
    if user:
        with in_language(language):
            send_or_drop(links.email_verification.mail(user), kind="account")


@task(priority=AWAITED)
def mail_password_reset(email: str, language: str = "") -> None:
    """Mail a link for choosing a new password, if an active account has this address."""
    user = User.objects.with_email(email).filter(is_active=True).first()
    if user and user.has_usable_password():
        with in_language(language):
            send_or_drop(links.password_reset.mail(user), kind="account")


@task(priority=AWAITED)
def mail_change_notice(address: str, language: str = "") -> None:
    """Tell the old address that the account is about to change to another."""
    with in_language(language):
        send_or_drop(links.build_change_notice(address), kind="account")


@task(priority=AWAITED)
def mail_email_change(user_pk: int, address: str, auth_hash: str, language: str = "") -> None:
    """Mail the link that changes the address to the new one, or that it already has an account.

    `auth_hash` is the user's at the time of asking. Who changes the password after the notice wants no such link.
    """
    user = User.objects.filter(pk=user_pk).exclude(email=address).first()
    if user is None or not constant_time_compare(user.get_session_auth_hash(), auth_hash):
        return
    with in_language(language):
        if User.objects.with_email(address).exists():
            send_or_drop(links.build_address_taken(address), kind="notice")
        else:
            send_or_drop(links.EmailChange(address).mail(user), kind="account")
