"""Unique slugs, by insertion and a retry instead of a look-up."""

import re
import unicodedata

from django.db import IntegrityError, models, transaction
from django.utils.crypto import get_random_string

MAX_LENGTH = 80
SUFFIX_LENGTH = 6


def slug_of(text: str, *, fallback: str) -> str:
    """Make a slug with the letters of any script. A text without letters or digits gives the fallback."""
    short = slugify(text)[: MAX_LENGTH - SUFFIX_LENGTH - 1]
    return short.strip("-_") or fallback


def slugify(text: str) -> str:
    """Return the text in lower case, with hyphens for spaces and without punctuation.

    Django's function of this name takes away the vowels of Indic and Thai words, which are marks: it makes कमज of कमीज.
    """
    text = unicodedata.normalize("NFKC", text).lower()
    kept = "".join(
        sign for sign in text if sign in "_-" or sign.isspace() or unicodedata.category(sign)[0] in "LMN"
    )
    return re.sub(r"[-\s]+", "-", kept).strip("-_")


def add_random_ending(slug: str) -> str:
    """Return the slug with a random ending, for a slug that is taken."""
    return f"{slug}-{get_random_string(SUFFIX_LENGTH, '0123456789abcdefghjkmnpqrstvwxyz')}"


def save_with_slug(instance: models.Model, text: str) -> None:
    """Insert the instance with a slug of `text`, or with a random ending if that slug is taken.

    Each attempt has a savepoint, so that the caller's transaction survives a taken slug.
    """
    base = slug_of(text, fallback=instance._meta.model_name or "")
    for slug in (base, add_random_ending(base)):
        instance.slug = slug  # type: ignore[attr-defined]  # every model that is saved here has the field
        try:
            with transaction.atomic():
                instance.save(force_insert=True)
        except IntegrityError as error:
            if slug != base or "slug" not in str(error):
                raise
        else:
            return
