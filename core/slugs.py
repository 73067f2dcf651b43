"""Unique slugs, by insertion and a retry instead of a look-up."""

import hashlib
import re
import unicodedata
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import validate_unicode_slug
from django.db import IntegrityError, models, transaction
from django.utils.crypto import get_random_string
from django.utils.translation import gettext as _

MAX_LENGTH = 80
SUFFIX_LENGTH = 6
# Digits and letters that cannot be misread.
ENDING = "0123456789abcdefghjkmnpqrstvwxyz"


def slug_of(text: str, *, fallback: str) -> str:
    """Make a slug with the letters of any script. A text without letters or digits gives the fallback."""
    short = slugify(text)[: MAX_LENGTH - SUFFIX_LENGTH - 1]
    return short.strip("-_") or fallback


def slugify(text: str) -> str:
    """Return the text in lower case, with hyphens for spaces and without punctuation.

    Django's function of this name takes away the vowels of Indic and Thai words, which are marks: it makes कमज of कमीज.
    """
    text = unicodedata.normalize("NFKC", text).lower()
    kept = "".join(sign for sign in text if belongs_in_slug(sign) or sign.isspace())
    return re.sub(r"[-\s]+", "-", kept).strip("-_")


def belongs_in_slug(sign: str) -> bool:
    """Return whether the sign is a letter, the mark of one, a number, a hyphen or an underscore."""
    return sign in "_-" or unicodedata.category(sign)[0] in "LMN"


def validate_slug(slug: str) -> None:
    """Raises: Django's ValidationError: the slug has a sign that does not belong in one."""
    if not all(map(belongs_in_slug, slug)):
        raise ValidationError(
            _("Use only letters, digits, hyphens and underscores, and no spaces."), code="invalid"
        )


def distinct_slug(text: str) -> str:
    """Make a slug that two texts share only if they have the same letters and digits: "Dark Red" and "dark-red".

    A slug that would leave out anything else ends in a hash of the text, so that "A+", "A++" and "a" have three. The
    slug of a slug is the slug itself.
    """
    plain = unicodedata.normalize("NFKC", text).lower()
    slug = slugify(plain)
    if slug == re.sub(r"\s+", "-", plain) and len(slug) <= MAX_LENGTH:
        return slug
    ending = hashlib.sha256(plain.encode()).hexdigest()[:SUFFIX_LENGTH]
    return f"{slug_of(plain, fallback='')}-{ending}".lstrip("-")


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


class SlugField(models.SlugField[str, str]):
    """A unique slug in any script. Django's validators refuse the marks of letters, such as the vowels of Hindi."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"max_length": MAX_LENGTH, "unique": True, "allow_unicode": True, **options})
        self.validators.remove(validate_unicode_slug)
        self.validators.append(validate_slug)

    def formfield(self, *args: Any, **options: Any) -> forms.Field | None:
        return super(models.SlugField, self).formfield(*args, **options)

    def deconstruct(self) -> tuple[str, str, Any, Any]:
        """Describe Django's field, whose column is the same, so that no table is altered."""
        name, path, args, options = super().deconstruct()
        return name, "django.db.models.SlugField" if type(self) is SlugField else path, args, options


class NameSlugField(SlugField):
    """A column with the `distinct_slug` of the row's name when it was inserted. It stays when the name changes."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"unique": False, "editable": False, **options})

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        if add:
            setattr(model_instance, self.attname, distinct_slug(model_instance.name))  # type: ignore[attr-defined]
        return super().pre_save(model_instance, add)
