"""E-mail addresses: one spelling of each, and only those that mail can be sent to."""

import re
import unicodedata
from typing import Any

import idna
from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator
from django.db import models

# RFC 5321, in bytes. A longer input is refused before it is looked at.
MAX_LENGTH, MAX_LOCAL_LENGTH, MAX_INPUT_LENGTH = 254, 64, 1000
# A dot-atom. Quoted strings are allowed by the standard, used by nobody, and taken by few servers.
LOCAL = re.compile(r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*")

has_form = EmailValidator(message="Enter a valid e-mail address.")


def normalize_email(address: str) -> str:
    """The one spelling of an address: trimmed, NFKC, in lower case, the domain as IDNA 2008 encodes it.

    The result is ASCII, as a mail server without SMTPUTF8 takes nothing else.

    Raises: Django's ValidationError, for an address that no mail can be sent to.
    """
    if len(address) > MAX_INPUT_LENGTH:
        raise ValidationError("This e-mail address is too long.", code="invalid")
    local, _, domain = trim(unicodedata.normalize("NFKC", address)).rpartition("@")
    if local and not local.isascii():
        raise ValidationError(
            "Before the @ an e-mail address can only have plain letters, digits and signs.", code="invalid"
        )
    try:
        encoded = idna.encode(domain, uts46=True).decode()
    except idna.IDNAError as error:
        raise ValidationError(has_form.message, code="invalid") from error
    result = f"{local.lower()}@{encoded}"
    if not LOCAL.fullmatch(local.lower()):
        raise ValidationError(has_form.message, code="invalid")
    if len(local) > MAX_LOCAL_LENGTH or len(result) > MAX_LENGTH:
        raise ValidationError("This e-mail address is too long.", code="invalid")
    has_form(result)
    return result


def trim(text: str) -> str:
    """The text without spaces, controls and format characters at its ends, which come along with a copied address."""
    inked = [index for index, character in enumerate(text) if unicodedata.category(character)[0] not in "CZ"]
    return text[inked[0] : inked[-1] + 1] if inked else ""


def mailbox(address: str) -> str:
    """The address by which mails to one person are counted: without the `+…` that a person may add at will."""
    local, _, domain = address.rpartition("@")
    return f"{local.partition('+')[0]}@{domain}"


class AddressFormField(forms.EmailField):
    """A field of the admin that takes any spelling."""

    def to_python(self, value: Any) -> Any:
        value = super().to_python(value)
        return normalize_email(value) if value else value


class AddressField(models.EmailField[str, str]):
    """A column of addresses in their one spelling: whatever is written to it or compared with it is normalized."""

    def to_python(self, value: Any) -> Any:
        return normalize_email(value) if value and isinstance(value, str) else value

    def formfield(self, **options: Any) -> Any:
        return super().formfield(**{"form_class": AddressFormField, **options})
