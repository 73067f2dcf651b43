"""Probes: whether the process lives, and whether it can serve."""

import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from secrets import token_hex
from threading import Lock
from time import monotonic

from django.core.cache import cache as shared_cache
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase

GetResponse = Callable[[HttpRequest], HttpResponseBase]

logger = logging.getLogger("backend.health")

# A probe is answered by then, whatever hangs.
PATIENCE_SECONDS = 3.0
# However many ask, each part is looked at this often.
FRESH_SECONDS = 1.0


def probes(get_response: GetResponse) -> GetResponse:
    """Answers probes before the host is checked: they come by IP address. Plain HTTP is let through by a setting."""
    answers = {"/livez": live, "/readyz": ready, "/healthz": health}

    def middleware(request: HttpRequest) -> HttpResponseBase:
        answer = answers.get(request.path)
        return answer(request) if answer else get_response(request)

    return middleware


def live(request: HttpRequest) -> HttpResponse:
    """200 as long as this process answers at all. Nothing is touched."""
    return build_response([])


def health(request: HttpRequest) -> HttpResponse:
    """200, or 503 where this thread has no database."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return build_response(["database"])
    return build_response([])


def ready(request: HttpRequest) -> HttpResponse:
    """200, or 503 with what is missing: the database, its migrations, the cache. Bounded by PATIENCE_SECONDS."""
    looks = [(part, part.look()) for part in PARTS]
    return build_response([part.name for part, look in looks if not part.is_well(look)])


def build_response(missing: list[str]) -> HttpResponse:
    status = f"no {', no '.join(missing)}" if missing else "ok"
    return JsonResponse(
        {"status": status}, status=503 if missing else 200, headers={"Cache-Control": "no-store"}
    )


class Part:
    """Something that the store needs, looked at in a thread of its own: it may hang, and no request with it."""

    def __init__(self, name: str, check: Callable[[], None]) -> None:
        self.name = name
        self.check = check
        self.thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix=f"health-{name}")
        self.lock = Lock()
        self.latest: Future[bool] | None = None
        self.began = 0.0

    def look(self) -> Future[bool]:
        """Look now, unless the last look is still going on or is fresh: then it is that one."""
        with self.lock:
            if self.latest and not (self.latest.done() and monotonic() - self.began >= FRESH_SECONDS):
                return self.latest
            self.began = monotonic()
            self.latest = self.thread.submit(self.passes)
            return self.latest

    def is_well(self, look: Future[bool]) -> bool:
        """The result, if it is there in time. For a look that has hung for long nobody waits."""
        try:
            return look.result(timeout=max(0.0, self.began + PATIENCE_SECONDS - monotonic()))
        except TimeoutError:
            return False

    def passes(self) -> bool:
        try:
            self.check()
        except Exception as error:  # whichever driver's: the part cannot be used
            logger.warning("Not ready, no %s: %r", self.name, error)
            return False
        finally:
            connection.close()  # this thread's, so that each look connects
        return True


def check_database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


@cache  # what is applied stays so for the code of this process; an exception is not kept
def check_migrations() -> None:
    """Raises RuntimeError where the code has migrations that the database has not."""
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        raise RuntimeError("Run manage.py migrate.")


def check_cache() -> None:
    """Raises RuntimeError where what is written cannot be read."""
    key, token = f"health:{token_hex(8)}", token_hex(8)
    shared_cache.set(key, token, timeout=10)
    if shared_cache.get(key) != token:
        raise RuntimeError("What is written cannot be read.")


PARTS = [
    Part("database", check_database),
    Part("migrations", check_migrations),
    Part("cache", check_cache),
]
