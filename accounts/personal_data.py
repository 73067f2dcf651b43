"""Personal data: exporting a copy of it, and deleting it with the account."""

import json
from datetime import datetime
from decimal import Decimal
from typing import Any, cast
from uuid import UUID

from django.contrib import auth
from django.contrib.admin.models import LogEntry
from django.db import transaction
from django.db.models import ProtectedError
from django.http import HttpRequest
from django.utils.translation import gettext as _

from accounts.models import Profile, User
from accounts.services import check_own_password
from accounts.signals import account_closing, data_requested
from core import images
from core.addresses import data_of
from core.errors import ValidationError


def export(user: User) -> dict[str, Any]:
    """Return everything that the store keeps about the person, as values for JSON, without the password's hash."""
    profile = user.profile
    sections: dict[str, Any] = {
        "account": {
            "email": user.email,
            "emailVerified": user.email_verified,
            "firstName": user.first_name,
            "lastName": user.last_name,
            "lastLogin": user.last_login,
        },
        "profile": {
            "name": profile.name,
            "slug": profile.slug,
            "joinedAt": profile.joined_at,
            "avatar": images.url(profile.avatar.name) if profile.avatar.name else None,
        },
        "addresses": [
            {**data_of(address), "isDefault": address.is_default} for address in user.addresses.all()
        ],
    }
    for _receiver, more in data_requested.send(sender=User, user=user):
        sections |= cast(dict[str, Any], more)  # Django's stubs take receivers to return text
    plain: dict[str, Any] = json.loads(json.dumps(sections, default=to_api_spelling))
    return plain


def to_api_spelling(value: datetime | Decimal | UUID) -> str:
    """Write the value as the API's scalar of its type does."""
    return value.isoformat() if isinstance(value, datetime) else str(value)


def delete_account(request: HttpRequest, *, user: User, password: str) -> None:
    """Delete the account and its data, and end all of its sessions. Placed orders stay, without an owner.

    Raises: ValidationError, TooManyAttempts, RateLimited.
    """
    check_own_password(user, password)
    with transaction.atomic(durable=True):
        close(user)
    auth.logout(request)


def close(user: User) -> None:
    """Delete the account, for its owner or by the staff. A step of a transaction.

    Raises: ValidationError for the staff, for a person with products or unpaid orders, and if the password or the
    account's data have changed in the meantime.
    Locks: what the receivers lock, then profile and user, in one statement as `save_profile` does. Another tab that
    writes at this moment waits for one of these locks. Afterwards it finds the account unchanged or deleted.
    """
    account_closing.send(sender=User, user=user)
    locked = Profile.objects.select_for_update().select_related("user").get(user=user).user
    if locked.is_staff or locked.is_superuser:
        raise make_refusal(
            _(
                "This account belongs to the staff. Ask another administrator to remove its staff rights first."
            )
        )
    if locked.password != user.password:
        raise ValidationError.of(password=_("Your password has been changed. Please sign in again."))
    # The staff's log names everyone by their e-mail address.
    entries = LogEntry.objects.filter(content_type__app_label="accounts", content_type__model="user")
    entries.filter(object_id=str(locked.pk)).update(object_repr="A deleted account")
    try:
        locked.delete()
    except ProtectedError as error:
        raise make_refusal(_("Something has just been added to your account. Please try again.")) from error


def make_refusal(message: str) -> ValidationError:
    """Make a refusal of the whole form, because no single field is wrong."""
    return ValidationError.of(**{"": message})
