"""Writes of accounts: signing up, in and out, profile, password, and the mailed links.

Hashing a password takes a good part of a second, so it runs with no transaction open. What follows is a
conditional update, or a transaction of its own.
"""

from collections.abc import Callable
from typing import Any, TypedDict

from django.contrib import auth
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import NON_FIELD_ERRORS
from django.core.exceptions import ValidationError as DjangoValidationError
from django.core.files import File
from django.db import IntegrityError, transaction
from django.http import HttpRequest
from django.utils.translation import gettext as _

from accounts import links, tasks
from accounts.models import Profile, User
from core import images
from core.emails import normalize_email
from core.errors import DomainError, ValidationError, field_errors, refuse_nulls
from core.languages import current_language
from core.tasks import enqueue
from core.throttle import Limit, count_attempt, count_failures

# A longer password would be hashed for seconds; password managers make far shorter ones.
MAX_PASSWORD_LENGTH = 4096

# Each account costs a hash, and a mail to an address that anyone may have typed.
REGISTER_LIMITS = [Limit(action="register", rate="20/1h", by_address=True)]
REQUEST_PASSWORD_RESET_LIMITS = [
    Limit(action="request_password_reset", rate="50/1h", by_address=True),
    Limit(action="request_password_reset", rate="5/1h", by_account=True),
]
RESET_PASSWORD_LIMITS = [Limit(action="reset_password", rate="50/5m", by_address=True)]
RESEND_VERIFICATION_LIMITS = [
    Limit(action="resend_verification", rate="50/1h", by_address=True),
    Limit(action="resend_verification", rate="3/1h", by_account=True),
]
CHANGE_EMAIL_LIMITS = [
    Limit(action="change_email", rate="50/1h", by_address=True),
    Limit(action="change_email", rate="5/1h", by_account=True),
]


class InvalidCredentials(DomainError):
    """No active account has this e-mail address and password. The error does not say which of the two is wrong."""

    code = "INVALID_CREDENTIALS"

    def __init__(self) -> None:
        super().__init__(_("The e-mail address or the password is wrong."))


class ProfileChanges(TypedDict, total=False):
    """The fields to change. None removes the avatar; elsewhere it is refused."""

    first_name: str | None
    last_name: str | None
    name: str | None
    avatar: File[bytes] | None


def register(request: HttpRequest, *, email: str, password: str, first_name: str, last_name: str) -> User:
    """Open an account, sign it in and mail a link that verifies the address.

    Raises:
        ValidationError: the input is invalid, or an account already has the address, in any spelling.
        TooManyAttempts, RateLimited.
    """
    user = User(email=email, first_name=first_name, last_name=last_name)
    with field_errors():
        check_all(
            lambda: user.full_clean(exclude=["password"], validate_unique=False, validate_constraints=False),
            lambda: check_password_rules(password, user=user),
        )
    count_attempt(request, REGISTER_LIMITS)
    user.set_password(password)  # takes a good part of a second, and would hold the transaction open
    try:
        with transaction.atomic():
            user.save()
            enqueue(tasks.mail_verification, user.pk, current_language())
    except IntegrityError as error:
        if "email" not in str(error):
            raise
        raise ValidationError.of(email=_("There is already an account with this e-mail address.")) from error
    auth.login(request, user)
    return user


def login(request: HttpRequest, *, email: str, password: str) -> User:
    """Sign in, and change the session's key.

    No transaction may be open: receivers of Django's user_logged_in open their own.

    Raises: InvalidCredentials, TooManyAttempts, RateLimited.
    """
    user = auth.authenticate(request, username=email, password=password)
    if not isinstance(user, User):
        raise InvalidCredentials
    auth.login(request, user)
    return user


def logout(request: HttpRequest) -> None:
    """End the session. A visitor who is not signed in keeps theirs, and the cart with it."""
    if request.user.is_authenticated:
        auth.logout(request)


def update_profile(user: User, *, changes: ProfileChanges) -> None:
    """Change the names, or the avatar with its files.

    Raises: ValidationError.
    Locks: the user and the profile.
    """
    refuse_nulls(changes, clearable=["avatar"])
    upload = changes.get("avatar")
    stored = store_avatar(upload) if upload else None
    try:
        replaced = save_profile(user, changes=changes, avatar=stored)
    except BaseException:
        if stored:
            images.delete(stored.name)
        raise
    if replaced:
        images.delete(replaced)


def store_avatar(upload: File[bytes]) -> images.StoredImage:
    """Store the upload.

    Raises: ValidationError on `avatar`, if it is not an acceptable picture.
    """
    try:
        return images.store(images.prepare(upload), folder="avatars")
    except images.InvalidImage as error:
        raise ValidationError.of(avatar=images.explain(error)) from error


@transaction.atomic(durable=True)
def save_profile(user: User, *, changes: ProfileChanges, avatar: images.StoredImage | None) -> str | None:
    """Write the rows, and return the name of the avatar that they have replaced or removed, if any."""
    profile = Profile.objects.select_for_update().select_related("user").get(user=user)
    before = profile.avatar.name
    of_profile = {field.name for field in Profile._meta.local_concrete_fields}
    for field, value in changes.items():
        if field != "avatar":
            setattr(profile if field in of_profile else profile.user, field, value)
    if "avatar" in changes:
        profile.avatar = avatar.name if avatar else ""
        profile.avatar_width = avatar.width if avatar else None
        profile.avatar_height = avatar.height if avatar else None
        profile.avatar_placeholder = avatar.placeholder if avatar else ""
    with field_errors():
        check_all(
            lambda: profile.user.clean_fields(exclude=["password"]),
            lambda: profile.clean_fields(exclude=["user"]),
        )
    profile.user.save(update_fields=changes.keys() - of_profile)
    profile.save()
    return before if before != profile.avatar.name else None


def change_password(request: HttpRequest, *, user: User, old_password: str, new_password: str) -> None:
    """Replace the password. All other sessions of this person end; this one goes on under a new key.

    Raises: ValidationError, TooManyAttempts, RateLimited.
    """
    if not user.check_password(old_password):
        raise wrong_old_password()
    if not replace_password(user, new_password):
        raise wrong_old_password()
    auth.update_session_auth_hash(request, user)


def request_password_reset(request: HttpRequest, *, email: str) -> None:
    """Mail a link for choosing a new password, if an active account has this address.

    The caller cannot tell whether one has, because only the task looks for it.

    Raises: ValidationError, if this is not an e-mail address; TooManyAttempts.
    """
    with field_errors(**{NON_FIELD_ERRORS: "email"}):
        email = normalize_email(email)
    count_attempt(request, REQUEST_PASSWORD_RESET_LIMITS, account=email)
    enqueue(tasks.mail_password_reset, email, current_language())


def reset_password(request: HttpRequest, *, token: str, new_password: str) -> None:
    """Replace the password by means of a mailed link. All sessions of this person end, and nobody is signed in.

    Raises:
        ValidationError: on `token`, if the link is no longer valid, or on `newPassword`.
        TooManyAttempts: too many invalid tokens.
        RateLimited.
    """
    with count_failures(request, RESET_PASSWORD_LIMITS):
        user = links.password_reset.user_of(token)
    if not replace_password(user, new_password):
        raise links.invalid_link()


def resend_verification(request: HttpRequest, *, user: User) -> None:
    """Mail the link that verifies the address again, unless the address is verified.

    Raises: TooManyAttempts.
    """
    if user.email_verified:
        return
    count_attempt(request, RESEND_VERIFICATION_LIMITS, account=str(user.pk))
    enqueue(tasks.mail_verification, user.pk, current_language())


def change_email(request: HttpRequest, *, user: User, password: str, new_email: str) -> None:
    """Mail a link to the new address, which replaces the old one when it is opened, and a notice to the old one.

    Only the mail to the new address says whether it already has an account.

    Raises: ValidationError, TooManyAttempts, RateLimited.
    """
    with field_errors(**{NON_FIELD_ERRORS: "newEmail"}):
        address = normalize_email(new_email)
    if address == user.email:
        raise ValidationError.of(newEmail=_("This is your e-mail address already."))
    check_own_password(user, password)
    count_attempt(request, CHANGE_EMAIL_LIMITS, account=str(user.pk))
    with transaction.atomic(durable=True):
        enqueue(tasks.mail_change_notice, user.email, current_language())
        enqueue(tasks.mail_email_change, user.pk, address, user.get_session_auth_hash(), current_language())


def verify_email(*, token: str) -> None:
    """Mark the address as verified, or replace it if the link was mailed for a change.

    Raises: ValidationError on `token`, if the link is no longer valid, or another account has the address by now.
    """
    change = links.EmailChange.of_token(token)
    if change:
        replace_email(change.user_of(token), change.address)
        return
    user = links.email_verification.user_of(token)
    unverified = User.objects.filter(pk=user.pk, email=user.email, email_verified=False)
    if not unverified.update(email_verified=True):
        raise links.invalid_link()


def replace_email(user: User, address: str) -> None:
    """Write the verified address.

    Raises: ValidationError on `token`, if another account has the address, or the user has changed since it was read.
    """
    unchanged = User.objects.filter(pk=user.pk, email=user.email, password=user.password)
    try:
        with transaction.atomic():
            replaced = unchanged.update(email=address, email_verified=True)
    except IntegrityError as error:
        if "email" not in str(error):
            raise
        raise ValidationError.of(token=_("There is already an account with this e-mail address.")) from error
    if not replaced:
        raise links.invalid_link()


def replace_password(user: User, new_password: str) -> bool:
    """Replace the password by a conditional update; False if it has been replaced since `user` was read.

    Raises: ValidationError on `newPassword`, TooManyAttempts, RateLimited.
    """
    with field_errors(password="newPassword"):
        check_password_rules(new_password, user=user)
    before = user.password
    user.set_password(new_password)
    return User.objects.filter(pk=user.pk, password=before).update(password=user.password) == 1


def check_own_password(user: User, password: str) -> None:
    """Check that this is the user's password.

    Raises: ValidationError on `password`, if it is wrong; TooManyAttempts, RateLimited.
    """
    if not user.check_password(password):
        raise ValidationError.of(password=_("This is not your password."))


def wrong_old_password() -> ValidationError:
    return ValidationError.of(oldPassword=_("This is not your current password."))


def check_password_rules(password: str, *, user: User) -> None:
    """Check the password's length and Django's rules.

    Raises: Django's ValidationError on `password`.
    """
    if len(password) > MAX_PASSWORD_LENGTH:
        too_long = _("The password may have at most %(most)s characters.") % {"most": MAX_PASSWORD_LENGTH}
        raise DjangoValidationError({"password": too_long})
    try:
        validate_password(password, user)
    except DjangoValidationError as error:
        raise DjangoValidationError({"password": error}) from error


def check_all(*checks: Callable[[], None]) -> None:
    """Run all the checks, and raise their errors together, so that a form shows all of them at once.

    Raises: Django's ValidationError.
    """
    errors: dict[str, Any] = {}
    for check in checks:
        try:
            check()
        except DjangoValidationError as error:
            error.update_error_dict(errors)
    if errors:
        raise DjangoValidationError(errors)
