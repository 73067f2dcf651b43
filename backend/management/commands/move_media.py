"""manage.py move_media: copy all files of media from one place to another, such as from the folder to a bucket."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.files.storage import FileSystemStorage, Storage
from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from backend.environment import s3_options
from core.media import Bucket


class Command(BaseCommand):
    help = (
        "Copy all files of media from one place to another: folders, or buckets like s3://key:password@bucket/folder. "
        "A file that is there with the same size is left alone, so the command can be interrupted and repeated. "
        "Nothing is deleted. Run it, switch MEDIA_STORAGE and MEDIA_URL, and run it once more for what came meanwhile."
    )

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("source", help="a folder or a bucket, such as media/")
        parser.add_argument(
            "target", help="a folder or a bucket, such as s3://bucket?region_name=eu-central-1"
        )

    def handle(self, *, source: str, target: str, **options: Any) -> None:
        try:
            here, there = open_place(source), open_place(target)
        except ImproperlyConfigured as error:
            raise CommandError(str(error)) from error
        if isinstance(here, FileSystemStorage) and not Path(source).is_dir():
            raise CommandError(f"There is no folder {source}.")
        names = sorted(list_files(here))
        copied = sum(
            copy(name, source=here, target=there)
            for name in tqdm(names, unit=" files", disable=not sys.stderr.isatty())
        )
        self.stdout.write(f"Copied {copied} of {len(names)} files. The others were there.")


def open_place(text: str) -> Storage:
    """Open a folder or a bucket.

    Raises:
        ImproperlyConfigured: the bucket's URL is malformed.
    """
    if not text.startswith("s3:"):
        return FileSystemStorage(location=text)
    bucket: Storage = Bucket(public_url=settings.MEDIA_URL, **s3_options("The bucket", text))
    return bucket


def list_files(storage: Storage, folder: str = "") -> Iterator[str]:
    """Return the names of all files, those in folders included. Hidden ones are not media."""
    folders, files = storage.listdir(folder)
    prefix = f"{folder}/" if folder else ""
    yield from (f"{prefix}{name}" for name in files if name and not name.startswith("."))
    for name in folders:
        yield from list_files(storage, f"{prefix}{name}")


def copy(name: str, *, source: Storage, target: Storage) -> bool:
    """Copy the file if the target does not have it with this size. Return whether it was copied."""
    if target.exists(name):
        if target.size(name) == source.size(name):
            return False
        target.delete(name)  # a folder would choose another name; a copy was interrupted here
    with source.open(name) as file:
        target.save(name, file)
    return True
