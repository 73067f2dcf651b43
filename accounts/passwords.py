"""Every guess at a password and every hash: counted by account and address, and one hash at a time in a process."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import BoundedSemaphore, RLock

from django.contrib.auth.hashers import PBKDF2PasswordHasher

from core.errors import DomainError, OperationTooLarge, RateLimited
from core.throttle import Limit, count_attempt, count_failures, current_request

# The first stops guessing, the second trying many accounts. The third takes many addresses to reach, so that
# one stranger cannot keep the owner out.
GUESS_LIMITS = [
    Limit(action="guess", rate="10/5m", by_address=True, by_account=True),
    Limit(action="guess", rate="50/5m", by_address=True),
    Limit(action="guess", rate="100/5m", by_account=True),
]
# A hash is work for the server whether or not the password is right. By account it takes many addresses, too.
HASH_LIMITS = [
    Limit(action="hash", rate="20/5m", by_address=True, by_account=True),
    Limit(action="hash", rate="100/5m", by_address=True),
    Limit(action="hash", rate="300/5m", by_account=True),
]
# One request may check a password, renew its hash where the parameters have changed, and set another.
MAX_HASHES = 3
HASHES = "accounts.hashes"
# Of the threads of a process one hashes and one may wait, for so many seconds; the others keep serving pages.
MAX_WAIT = 2

hashing = RLock()
waiting = BoundedSemaphore(1)


class WrongPassword(DomainError):
    """The guess was wrong. Counted, and answered by the caller in its own words."""

    code = "INVALID_CREDENTIALS"


class OneAtATime(PBKDF2PasswordHasher):
    """Django's hasher, for one thread of the process at a time: the others are refused before they queue up."""

    def encode(self, password: str, salt: str, iterations: int | None = None) -> str:
        with take_turn():
            return super().encode(password, salt, iterations)


@contextmanager
def take_turn() -> Iterator[None]:
    """The right to hash, for the thread that has it already, too.

    Raises: RateLimited, where another thread waits already, and after MAX_WAIT seconds.
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
    return RateLimited("The server is busy. Please try again in a moment.", retry_after_seconds=1)


@contextmanager
def count_hash(account: str) -> Iterator[None]:
    """The right to hash once, counted for the request that is being answered, if one is.

    Raises:
        RateLimited: the process is busy. Nothing is counted then.
        TooManyAttempts: by account or by address.
        OperationTooLarge: one request hashes again and again.
    """
    request = current_request.get()
    with take_turn():
        if request is not None:
            request.META[HASHES] = request.META.get(HASHES, 0) + 1
            if request.META[HASHES] > MAX_HASHES:
                raise OperationTooLarge("One operation may set or check one password.")
            count_attempt(request, HASH_LIMITS, account=account)
        yield


def guess(check: Callable[[], bool], *, account: str) -> bool:
    """The outcome of a check, which counts as a hash, and as a guess where it fails.

    Raises: TooManyAttempts, without checking; RateLimited.
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
