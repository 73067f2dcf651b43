"""Files of pictures that no row names: what a killed process, or a row that was rolled back or deleted, has left.

Only files with a name that `core.images` gives are looked at. Whatever else is in the folders stays.
"""

import logging
import os
import re
from collections.abc import Collection, Iterable, Iterator
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from django.apps import apps
from django.core.files.storage import FileSystemStorage, default_storage
from django.db.models import ImageField

from core import images

logger = logging.getLogger(__name__)

# A picture is stored before its row is committed. No request takes a day.
AGE = timedelta(days=1)
# Files that are compared with the rows at a time, which bounds the memory.
BATCH = 100_000
# Pictures that one run deletes. The next one goes on.
MOST = 10_000
SIZES = "|".join(size.name.lower() for size in images.ThumbnailSize)
OURS = re.compile(rf"(?P<stem>[0-9a-f]{{32}})(-({SIZES}))?\.(jpg|webp|avif)", re.ASCII)


def delete_leftovers(*, now: datetime, keep: bool = False) -> int:
    """Delete the old files that no row names, each with its thumbnails. Return the number of pictures, and log it.

    With `keep` they are only counted. It may run at any time, twice at once, and may be killed in the middle.
    """
    count = 0
    for folder, files in islice(find_leftovers(now=now), MOST):
        if not keep:
            for name in files:
                default_storage.delete(f"{folder}/{name}")
        count += 1
    if count:
        logger.info("%s leftover pictures %s.", count, "found" if keep else "deleted")
    return count


def find_leftovers(*, now: datetime) -> Iterator[tuple[str, list[str]]]:
    """Yield the folder and the names of the files of each picture that no row names, and that is old."""
    for folder, columns in find_columns().items():
        names = iter(list_names(folder))
        while batch := list(islice(names, BATCH)):
            stems: dict[str, list[str]] = {}
            for name in batch:
                if match := OURS.fullmatch(name):
                    stems.setdefault(match["stem"], []).append(name)
            for stem in sorted(stems.keys() - read_stems(columns, known=stems)):
                files = stems[stem]
                # The rows are read again right before: by now one may name a picture that was imported again.
                if all(is_old(f"{folder}/{name}", now=now) for name in files) and not is_named(
                    columns, folder=folder, stem=stem
                ):
                    yield folder, files


def find_columns() -> dict[str, list[tuple[Any, str]]]:
    """Return the columns with pictures of all apps, by the folders of their files."""
    columns: dict[str, list[tuple[Any, str]]] = {}
    for model in apps.get_models():
        for field in model._meta.local_fields:
            if isinstance(field, ImageField):
                columns.setdefault(str(field.upload_to), []).append((model, field.name))
    return columns


def list_names(folder: str) -> Iterable[str]:
    """Yield the names of the files in a folder. A file system's are read one by one, because they may be millions."""
    if not isinstance(default_storage, FileSystemStorage):
        yield from default_storage.listdir(folder)[1]
        return
    try:
        with os.scandir(default_storage.path(folder)) as entries:
            yield from (entry.name for entry in entries if entry.is_file(follow_symlinks=False))
    except FileNotFoundError:
        return  # nobody has stored a picture there yet


def read_stems(columns: Iterable[tuple[Any, str]], *, known: Collection[str]) -> set[str]:
    """Return those of the known stems that rows name. Reads every row, which costs less than a look-up of each file."""
    named = set()
    for model, column in columns:
        for name in model._base_manager.order_by().values_list(column, flat=True).iterator():
            stem = stem_of(name)
            if stem in known:
                named.add(stem)
    return named


def stem_of(name: str) -> str:
    return name.rpartition("/")[2].partition(".")[0]


def is_named(columns: Iterable[tuple[Any, str]], *, folder: str, stem: str) -> bool:
    names = [f"{folder}/{stem}{suffix}" for suffix in images.SUFFIXES]
    return any(model._base_manager.filter(**{f"{column}__in": names}).exists() for model, column in columns)


def is_old(path: str, *, now: datetime) -> bool:
    """Whether the file is old; also true for one that is gone by now."""
    try:
        return default_storage.get_modified_time(path) < now - AGE
    except FileNotFoundError:
        return True
