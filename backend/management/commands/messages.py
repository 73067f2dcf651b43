"""`manage.py messages`: collect the marked messages into the catalogues, and compile these."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import BaseCommand, CommandError
from django.core.management.base import CommandParser

from backend.messages import OURS, compile_catalogue, find_catalogues, find_messages, path_of, update

# The packages of the store that have messages.
FOLDERS = ("accounts", "api", "backend", "catalog", "core", "orders", "policies", "pricing", "reviews")


class Command(BaseCommand):
    help = "Collect the marked messages into all catalogues of translations, and compile these."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        either = parser.add_mutually_exclusive_group()
        either.add_argument("--add", metavar="LANGUAGE", help="begin one of the shop's own, in STORE_LOCALE")
        either.add_argument(
            "--check", action="store_true", help="write nothing, and fail if a file would change"
        )

    def handle(self, *, add: str | None, check: bool, **_: Any) -> None:
        own = Path(settings.STORE_LOCALE)
        store = [Path(settings.BASE_DIR) / name for name in FOLDERS]
        changed = list(update_all(OURS, store, check=check))
        # A shop's own templates may have messages of their own.
        changed += update_all(own, [*store, Path(settings.STORE_TEMPLATES)], check=check, add=add)
        for path in changed:
            self.stdout.write(str(path))
        if changed and check:
            raise CommandError("These files do not match the messages in the sources. Run make messages.")


def update_all(folder: Path, sources: list[Path], *, check: bool, add: str | None = None) -> Iterator[Path]:
    """Write the catalogues in the folder, and compile them. Yield each file that was not as it should be."""
    paths = {*find_catalogues(folder), *([path_of(add, folder=folder)] if add else [])}
    found = find_messages(sources) if paths else []
    for path in sorted(paths):
        if put(path, update(path, found), check=check):
            yield path
        if put(binary := path.with_suffix(".mo"), compile_catalogue(path), check=check):
            yield binary


def put(path: Path, content: bytes, *, check: bool) -> bool:
    """Whether the file had another content. Write the content then, unless this is a check."""
    if path.exists() and path.read_bytes() == content:
        return False
    if not check:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return True
