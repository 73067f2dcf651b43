"""The languages that the store speaks, and which of them a request is answered in."""

from contextlib import AbstractContextManager

from django.conf import settings
from django.utils.translation import get_language, get_supported_language_variant, override
from django.utils.translation.trans_real import parse_accept_lang_header


def choose_language(accepted: str) -> str:
    """Return the one of the store's languages that an Accept-Language header prefers; LANGUAGE_CODE if none is.

    Django cuts long headers before it parses them, and keeps the results for a limited number of headers.
    """
    for tag, quality in parse_accept_lang_header(accepted):
        if tag == "*":
            break
        if not quality:  # refused
            continue
        try:
            return get_supported_language_variant(tag)
        except LookupError:
            continue
    return settings.LANGUAGE_CODE


def current_language() -> str:
    """Return the language that is active: of the request, or of the mail that is being written."""
    return get_language() or settings.LANGUAGE_CODE


def in_language(language: str) -> AbstractContextManager[None]:
    """Write in this language, or in LANGUAGE_CODE if it is blank."""
    return override(language or settings.LANGUAGE_CODE)
