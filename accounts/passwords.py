"""Limits on guessing and hashing passwords, by account and address; a process hashes one at a time."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import BoundedSemaphore, RLock

from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.utils.translation import gettext as _

from core.errors import DomainError, OperationTooLarge, RateLimited
from core.metrics import REFUSALS
from core.throttle import Limit, count_attempt, count_failures, current_request

# The first stops guesses at one account, the second guesses at many accounts. The third takes many addresses to
# reach, so that one stranger cannot lock the owner out.
GUESS_LIMITS = [
    Limit(action="guess", rate="10/5m", by_address=True, by_account=True),
    Limit(action="guess", rate="50/5m", by_address=True),
    Limit(action="guess", rate="100/5m", by_account=True),
]
# A hash costs the server the same whether or not the password is right. The last again takes many addresses.
HASH_LIMITS = [
    Limit(action="hash", rate="20/5m", by_address=True, by_account=True),
    Limit(action="hash", rate="100/5m", by_address=True),
    Limit(action="hash", rate="300/5m", by_account=True),
]
# One request may check a password, renew its hash where the parameters have changed, and set a new password.
MAX_HASHES = 3
HASHES = "accounts.hashes"
# In a process one thread hashes and one may wait this many seconds for it; the others keep serving pages.
MAX_WAIT = 2

hashing = RLock()
waiting = BoundedSemaphore(1)


class WrongPassword(DomainError):
    """The guess was wrong. It has been counted; the caller words the message."""

    code = "INVALID_CREDENTIALS"


class OneAtATime(PBKDF2PasswordHasher):
    """Django's hasher, limited to one thread of the process at a time. Others are refused instead of queueing up."""

    def encode(self, password: str, salt: str, iterations: int | None = None) -> str:
        with take_turn():
            return super().encode(password, salt, iterations)


@contextmanager
def take_turn() -> Iterator[None]:
    """Let one thread at a time run the block; a thread may nest it.

    Raises: RateLimited, if another thread is waiting already, or after MAX_WAIT seconds without a turn.
    """
    if not hashing.acquire(blocking=False):
        if not waiting.acquire(blocking=False):
            raise busy()
        try:
            if not hashing.acquire(timeout=MAX_WAIT):
                raise busy()
        finally:
            waiting.release()
    try:
        yield
    finally:
        hashing.release()


def busy() -> RateLimited:
    REFUSALS.labels("turn").inc()
    return RateLimited(_("The server is busy. Please try again in a moment."), retry_after_seconds=1)


@contextmanager
def count_hash(account: str) -> Iterator[None]:
    """Take a turn for one hash, and count it for the current request, if there is one.

    Raises:
        RateLimited: the process is busy; nothing is counted.
        TooManyAttempts: the account or the address has used up its hashes.
        OperationTooLarge: this request has hashed MAX_HASHES times already.
    """
    request = current_request.get()
    with take_turn():
        if request is not None:
            request.META[HASHES] = request.META.get(HASHES, 0) + 1
            if request.META[HASHES] > MAX_HASHES:
                raise OperationTooLarge(
                    "An operation may set or check only one password. Please send several."
                )
            count_attempt(request, HASH_LIMITS, account=account)
        yield


def guess(check: Callable[[], bool], *, account: str) -> bool:
    """Run the check and return its outcome. It counts as a hash and, where it fails, as a guess.

    Raises: TooManyAttempts, before the check; RateLimited.
    """
    request = current_request.get()
    if request is None:
        return check()
    with suppress(WrongPassword), count_failures(request, GUESS_LIMITS, account=account):
        with count_hash(account):
            right = check()
        if right:
            return True
        raise WrongPassword("The password is wrong.")
    return False
