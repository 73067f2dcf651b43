"""Unique slugs, by insertion and a retry instead of a look-up."""

import re

from django.db import IntegrityError, models, transaction
from django.utils.crypto import get_random_string
from django.utils.text import slugify

MAX_LENGTH = 80
SUFFIX_LENGTH = 6
# Digits and letters that cannot be misread.
ENDING = "0123456789abcdefghjkmnpqrstvwxyz"


def slug_of(text: str, *, fallback: str) -> str:
    """Make a slug with the letters of any script. A text without letters or digits gives the fallback."""
    return slugify(text, allow_unicode=True)[: MAX_LENGTH - SUFFIX_LENGTH - 1].strip("-_") or fallback


def add_random_ending(slug: str) -> str:
    """Return the slug with a random ending, for a slug that is taken."""
    return f"{slug}-{get_random_string(SUFFIX_LENGTH, ENDING)}"


def has_base(slug: str, base: str) -> bool:
    """Whether the slug is the base, or the base with a random ending."""
    return slug == base or bool(re.fullmatch(f"{re.escape(base)}-[{ENDING}]{{{SUFFIX_LENGTH}}}", slug))


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
