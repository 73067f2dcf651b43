"""The catalogues of translated messages: collected from the sources, and compiled, by Babel.

Django's own commands need GNU gettext, which a machine with Python alone does not have.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from babel import Locale
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.conf import settings
from django.utils.translation import to_locale
from django.utils.translation.template import templatize

DOMAIN = "django"
# The store's own translations. Django finds them, because `backend` is an app.
OURS = Path(settings.BASE_DIR) / "backend" / "locale"
# Each function that marks a message, with the places of its texts among the arguments; `c` is a context.
MARKS = {
    "_": (1,),
    "gettext": (1,),
    "gettext_lazy": (1,),
    "gettext_noop": (1,),
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
}
MARKED = re.compile("gettext|translate")
# A comment that begins like this, above a message, is for those who translate it.
COMMENT = "Translators:"
HEADER = "# Written by `make messages`, but for the translations."


@dataclass(frozen=True, kw_only=True)
class Found:
    """A message in the sources. A message with plural forms has two texts."""

    texts: str | tuple[str, ...] | list[str]
    context: str | None
    path: str
    comments: tuple[str, ...]


class Messages(Catalog):
    """A catalogue whose header is the same whenever and with whichever Babel it is written."""

    @property  # type: ignore[misc]  # Babel can also set it
    def mime_headers(self) -> list[tuple[str, str]]:
        return [
            ("Language", str(self.locale)),
            ("MIME-Version", "1.0"),
            ("Content-Type", "text/plain; charset=utf-8"),
            ("Content-Transfer-Encoding", "8bit"),
            ("Plural-Forms", self.plural_forms),
        ]


def find_messages(folders: Iterable[Path]) -> list[Found]:
    """Find the marked messages of Python modules and templates below the folders."""
    return [found for folder in folders for path in sources(folder) for found in read_messages(path)]


def sources(folder: Path) -> Iterator[Path]:
    """Yield the modules and templates below the folder. The admin, which has a language of its own, is left out."""
    for path in sorted(folder.rglob("*")):
        parts = {folder.name, *path.relative_to(folder).parts}
        is_template = "templates" in parts and path.suffix in (".html", ".txt")
        if (is_template or path.suffix == ".py") and not parts & {"admin", "migrations"}:
            yield path


def read_messages(path: Path) -> Iterator[Found]:
    text = path.read_text("utf-8")
    if not MARKED.search(text):
        return
    if path.suffix != ".py":
        # As Python: the tags become calls, and the rest meaningless names. Its indentation means nothing either.
        text = re.sub(r"(?m)^\s+", "", templatize(text))
    is_ours = path.is_relative_to(settings.BASE_DIR)
    name = path.relative_to(settings.BASE_DIR).as_posix() if is_ours else path.name
    for _line, texts, comments, context in extract(
        "python", BytesIO(text.encode()), keywords=MARKS, comment_tags=(COMMENT,)
    ):
        yield Found(texts=texts, context=context, path=name, comments=tuple(comments))


def update(path: Path, found: Iterable[Found]) -> bytes:
    """Return the catalogue of these messages, with the translations that the file `path` has by now.

    Messages that are no longer in the sources are left out.
    """
    known = read(path) if path.exists() else Catalog()
    locale = Locale.parse(path.parent.parent.name)
    catalog = Messages(locale=locale, header_comment=HEADER, fuzzy=False)
    for each in found:
        translated = known.get(each.texts, each.context)
        catalog.add(
            each.texts,
            translated.string if translated and is_of(translated, each) else None,
            locations=[(each.path, 0)],
            auto_comments=each.comments,
            context=each.context,
        )
    file = BytesIO()
    write_po(file, catalog, sort_by_file=True, include_lineno=False, width=100)
    return file.getvalue()


def is_of(message: Message, found: Found) -> bool:
    """Whether the translation has plural forms exactly if the message has them."""
    return message.pluralizable == isinstance(found.texts, tuple)


def read(path: Path) -> Catalog:
    with path.open("rb") as file:
        return read_po(file, abort_invalid=True)


def compile_catalogue(path: Path) -> bytes:
    """Return the catalogue in the file `path` in the form that gettext reads."""
    known = read(path)
    catalog = Messages(locale=known.locale, fuzzy=False)
    for message in known:
        if message.id:
            catalog.add(message.id, message.string, context=message.context)
    file = BytesIO()
    write_mo(file, catalog)
    return file.getvalue()


def find_catalogues(folder: Path) -> Iterator[Path]:
    return folder.glob(f"*/LC_MESSAGES/{DOMAIN}.po")


def has_catalogue(language: str, *, folder: Path) -> bool:
    """Whether the folder has a compiled catalogue of the language, or of the one that it is a variant of."""
    names = (language, language.partition("-")[0])
    return any(path_of(name, folder=folder).with_suffix(".mo").exists() for name in names)


def path_of(language: str, *, folder: Path) -> Path:
    return folder / to_locale(language) / "LC_MESSAGES" / f"{DOMAIN}.po"
