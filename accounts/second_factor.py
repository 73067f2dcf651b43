"""The staff's second factor: codes of an authenticator, and backup codes for when it is lost."""

from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django_otp import login
from django_otp.middleware import OTPMiddleware
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from accounts.models import User
from core.errors import DomainError
from core.throttle import Limit, count_failures

# These come on top of django-otp's own delay, which doubles with each wrong code.
CODE_LIMITS = [
    Limit(action="second_factor", rate="10/5m", by_account=True),
    Limit(action="second_factor", rate="50/5m", by_address=True),
]
BACKUP_CODES = 10


class WrongCode(DomainError):
    """The code is wrong, has been used, or follows a wrong one too soon."""

    code = "INVALID_CREDENTIALS"

    def __init__(self) -> None:
        super().__init__(_("This code is not valid. Wait for the next one and try again."))


class SecondFactor(OTPMiddleware):
    """Django-otp's middleware, which withholds the staff's rights until the session has a second factor."""

    def _verify_user_sync(self, request: HttpRequest, user: Any) -> Any:
        user = super()._verify_user_sync(request, user)
        if settings.STORE_STAFF_TWO_FACTOR and user.is_authenticated and user.is_staff:
            user.lacks_second_factor = not user.is_verified()
        return user


def device_of(user: User) -> TOTPDevice | None:
    """Return the authenticator that this person has enrolled, or None."""
    device: TOTPDevice | None = TOTPDevice.objects.filter(user=user, confirmed=True).first()
    return device


def new_device(user: User) -> TOTPDevice:
    """Return the authenticator to enrol. It stays the same until then, so that reloading the page does no harm."""
    device: TOTPDevice = TOTPDevice.objects.get_or_create(
        user=user, confirmed=False, defaults={"name": "Authenticator"}
    )[0]
    return device


def enrol(request: HttpRequest, *, user: User, code: str) -> list[str]:
    """Confirm the new authenticator by one of its codes, and verify the session.

    Returns the backup codes, which are shown only once.

    Raises: WrongCode, TooManyAttempts.
    """
    with count_failures(request, CODE_LIMITS, account=user.email):
        device = accept_code(TOTPDevice.objects.filter(user=user, confirmed=False), code)
    with transaction.atomic():
        TOTPDevice.objects.filter(pk=device.pk).update(confirmed=True)
        StaticDevice.objects.filter(user=user).delete()
        backup = StaticDevice.objects.create(user=user, name="Backup codes")
        codes = [StaticToken.random_token() for _ in range(BACKUP_CODES)]
        StaticToken.objects.bulk_create(StaticToken(device=backup, token=each) for each in codes)
    request.session.cycle_key()
    login(request, device)
    return codes


def verify(request: HttpRequest, *, user: User, code: str) -> None:
    """Verify the session by a code of the authenticator or by a backup code, which works once.

    Raises: WrongCode, TooManyAttempts.
    """
    # Only an authenticator's codes are digits. Trying one on the backup codes would delay those after a wrong code.
    model = TOTPDevice if code.isdigit() else StaticDevice
    with count_failures(request, CODE_LIMITS, account=user.email):
        device = accept_code(model.objects.filter(user=user, confirmed=True), code)
    request.session.cycle_key()
    login(request, device)


def accept_code(devices: QuerySet[Any], code: str) -> Any:
    """Use the code up, and return the device that it belongs to.

    Raises: WrongCode.
    Locks: the devices, so that no code works twice.
    """
    with transaction.atomic():
        device = next((each for each in devices.select_for_update() if each.verify_token(code)), None)
    if device is None:
        raise WrongCode  # after the transaction, which has to commit the device's count of failures
    return device


def remove(user: User) -> None:
    """Delete the authenticator and the backup codes; the next sign-in enrols a new one."""
    with transaction.atomic():
        TOTPDevice.objects.filter(user=user).delete()
        StaticDevice.objects.filter(user=user).delete()
