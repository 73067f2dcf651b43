"""E-mail addresses in one spelling, limited to those that can receive mail."""

import re
import unicodedata
from typing import Any

import idna
from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator
from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

# RFC 5321, in bytes. A longer input is refused before it is parsed.
MAX_LENGTH, MAX_LOCAL_LENGTH, MAX_INPUT_LENGTH = 254, 64, 1000
# A dot-atom. The standard also allows quoted strings, but few servers accept them.
LOCAL = re.compile(r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*")

has_form = EmailValidator(message=gettext_lazy("Enter a valid e-mail address."))


def normalize_email(address: str) -> str:
    """Return the one spelling of an address: trimmed, in NFKC and lower case, the domain encoded by IDNA 2008.

    The result is ASCII, because a mail server without SMTPUTF8 accepts nothing else.

    Raises: Django's ValidationError, for an address that cannot receive mail.
    """
    if len(address) > MAX_INPUT_LENGTH:
        raise ValidationError(_("This e-mail address is too long."), code="invalid")
    local, _at, domain = trim(unicodedata.normalize("NFKC", address)).rpartition("@")
    if local and not local.isascii():
        raise ValidationError(
            _("Use only unaccented letters, digits and signs before the @ of an e-mail address."),
            code="invalid",
        )
    try:
        encoded = idna.encode(domain, uts46=True).decode()
    except idna.IDNAError as error:
        raise ValidationError(has_form.message, code="invalid") from error
    result = f"{local.lower()}@{encoded}"
    if not LOCAL.fullmatch(local.lower()):
        raise ValidationError(has_form.message, code="invalid")
    if len(local) > MAX_LOCAL_LENGTH or len(result) > MAX_LENGTH:
        raise ValidationError(_("This e-mail address is too long."), code="invalid")
    has_form(result)
    return result


def trim(text: str) -> str:
    """Remove spaces, control and format characters from both ends. They come along with a copied address."""
    inked = [index for index, character in enumerate(text) if unicodedata.category(character)[0] not in "CZ"]
    return text[inked[0] : inked[-1] + 1] if inked else ""


def mailbox(address: str) -> str:
    """The address without its `+…`. Mails to one person are counted by it, because anyone can make up such tags."""
    local, _, domain = address.rpartition("@")
    return f"{local.partition('+')[0]}@{domain}"


class AddressFormField(forms.EmailField):
    """A form field that accepts any spelling."""

    def to_python(self, value: Any) -> Any:
        value = super().to_python(value)
        return normalize_email(value) if value else value


class AddressField(models.EmailField[str, str]):
    """A column of addresses. Values are normalized before they are written or compared."""

    def to_python(self, value: Any) -> Any:
        return normalize_email(value) if value and isinstance(value, str) else value

    def formfield(self, **options: Any) -> Any:
        return super().formfield(**{"form_class": AddressFormField, **options})
