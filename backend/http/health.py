"""Probes: whether the process is alive, and whether it can serve."""

import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from os.path import exists
from secrets import token_hex
from threading import Lock
from time import monotonic

from django.conf import settings
from django.core.cache import cache as shared_cache
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase

from backend.http.metrics import metrics
from core.logs import note

GetResponse = Callable[[HttpRequest], HttpResponseBase]

logger = logging.getLogger("backend.health")

# A probe is answered within this time, even if a dependency hangs.
PATIENCE_SECONDS = 3.0
# Each dependency is checked at most this often, no matter how many probes come.
FRESH_SECONDS = 1.0


def probes(get_response: GetResponse) -> GetResponse:
    """Answer probes in a middleware before the host check, because they use an IP address. A setting allows HTTP."""
    answers = {"/livez": live, "/readyz": ready, "/healthz": health, "/metrics": metrics}

    def middleware(request: HttpRequest) -> HttpResponseBase:
        answer = answers.get(request.path)
        if answer is None:
            return get_response(request)
        note(probe=True)
        return answer(request)

    return middleware


def live(request: HttpRequest) -> HttpResponse:
    """Answer 200 as long as this process runs, and 404 once it is to be left out. Checks nothing else."""
    if is_leaving():
        # To HAProxy (`http-check disable-on-404`) this is no failure: what runs is finished, and nothing more is sent.
        return JsonResponse({"status": "leaving"}, status=404, headers={"Cache-Control": "no-store"})
    return build_response([])


def is_leaving() -> bool:
    """Whether this service is about to stop, and balancers should send it nothing more."""
    return bool(settings.STORE_DRAIN_FILE) and exists(settings.STORE_DRAIN_FILE)


def health(request: HttpRequest) -> HttpResponse:
    """Answer 200, or 503 if this thread has no database."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return build_response(["database"])
    return build_response([])


def ready(request: HttpRequest) -> HttpResponse:
    """Answer 503 without the database or its migrations, otherwise 200. Names what is missing, also the cache.

    Takes at most PATIENCE_SECONDS.
    """
    if is_leaving():
        return JsonResponse({"status": "leaving"}, status=503, headers={"Cache-Control": "no-store"})
    looks = [(dependency, dependency.look()) for dependency in DEPENDENCIES]
    missing = [dependency for dependency, look in looks if not dependency.is_well(look)]
    return build_response(
        [dependency.name for dependency in missing], serves=not any(d.vital for d in missing)
    )


def build_response(missing: list[str], *, serves: bool = False) -> HttpResponse:
    status = f"no {', no '.join(missing)}" if missing else "ok"
    return JsonResponse(
        {"status": status},
        status=200 if serves or not missing else 503,
        headers={"Cache-Control": "no-store"},
    )


class Dependency:
    """Something that the store needs, and without which it cannot serve at all if it is vital.

    It is checked in its own thread, so that a check that hangs holds no request.
    """

    def __init__(self, name: str, check: Callable[[], None], *, vital: bool = True) -> None:
        self.name = name
        self.check = check
        self.vital = vital
        self.thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix=f"health-{name}")
        self.lock = Lock()
        self.latest: Future[bool] | None = None
        self.began = 0.0

    def look(self) -> Future[bool]:
        """Start a check and return its future; return the last one if it still runs or is fresh."""
        with self.lock:
            if self.latest and not (self.latest.done() and monotonic() - self.began >= FRESH_SECONDS):
                return self.latest
            self.began = monotonic()
            self.latest = self.thread.submit(self.passes)
            return self.latest

    def is_well(self, look: Future[bool]) -> bool:
        """Whether the check succeeds in time. A check that has hung too long is not waited for."""
        try:
            return look.result(timeout=max(0.0, self.began + PATIENCE_SECONDS - monotonic()))
        except TimeoutError:
            return False

    def passes(self) -> bool:
        try:
            self.check()
        except Exception as error:  # of any driver: it cannot be used
            logger.warning("Not ready, no %s: %r", self.name, error)
            return False
        finally:
            connection.close()  # this thread's, so that each check connects again
        return True


def check_database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


@cache  # applied migrations stay applied; an exception is not cached
def check_migrations() -> None:
    """Check that the database has all migrations of the code.

    Raises:
        RuntimeError: it lacks one.
    """
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        raise RuntimeError("Run manage.py migrate.")


def check_cache() -> None:
    """Check that the cache returns what was written.

    Raises:
        RuntimeError: it does not.
    """
    key, token = f"health:{token_hex(8)}", token_hex(8)
    shared_cache.set(key, token, timeout=10)
    if shared_cache.get(key) != token:
        raise RuntimeError("The cache does not return what was written.")


DEPENDENCIES = [
    Dependency("database", check_database),
    Dependency("migrations", check_migrations),
    # All machines lack it at the same time, and without it they sell: no balancer may take them all away.
    Dependency("cache", check_cache, vital=False),
]
