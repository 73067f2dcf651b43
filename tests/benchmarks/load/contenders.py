"""The contenders: the store and its references, each a server over the same database and settings."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from enum import StrEnum
from pathlib import Path

from tests.benchmarks.load.server import Server, serving

REFERENCES = "tests.benchmarks.references"


class Contender(StrEnum):
    """A contender. The value is its name in the table."""

    STORE = "store"
    CACHED = "store, guests' answers cached"
    HANDWRITTEN = "hand-written view"
    PLAIN = "plain Strawberry-Django"
    DJANGO = "Django's hello"
    BARE = "bare server's hello"

    @property
    def has_sql(self) -> bool:
        return self not in (Contender.DJANGO, Contender.BARE)


STORE = "tests.benchmarks.load.wsgi:application"
REFERENCE = f"{REFERENCES}.wsgi:application"
APPLICATIONS: dict[Contender, tuple[str, dict[str, str]]] = {
    Contender.STORE: (STORE, {"STORE_ANSWER_CACHE": "false"}),
    Contender.CACHED: (STORE, {"STORE_ANSWER_CACHE": "true"}),
    Contender.HANDWRITTEN: (REFERENCE, {"REFERENCE": f"{REFERENCES}.handwritten.urls"}),
    Contender.PLAIN: (REFERENCE, {"REFERENCE": f"{REFERENCES}.plain.urls"}),
    Contender.DJANGO: (REFERENCE, {"REFERENCE": f"{REFERENCES}.hello"}),
    Contender.BARE: (f"{REFERENCES}.bare:application", {}),
}


@contextmanager
def all_serving(*, environment: Mapping[str, str], log: Path) -> Iterator[dict[Contender, Server]]:
    with ExitStack() as stack:
        yield {
            contender: stack.enter_context(
                serving(application, environment={**environment, **variables}, log=log)
            )
            for contender, (application, variables) in APPLICATIONS.items()
        }
