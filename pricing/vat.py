"""The VAT area of the European Union, and the VAT ids of its companies."""

import re

from stdnum.eu import vat
from stdnum.exceptions import ValidationError as NotValid

from core.places import SEPARATORS, Destination

MEMBERS = frozenset(
    (
        *("AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU"),
        *("IE", "IT", "LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK"),
    )
)
# The territories that do not belong to the area, by their postal codes (Directive 2006/112/EC, article 6). Some have
# country codes of their own, too, under which they are no members anyway.
OUTSIDE = {
    "DE": re.compile("27498|78266"),  # Helgoland, Büsingen
    "ES": re.compile("35|38|51|52"),  # the Canary Islands, Ceuta, Melilla
    "FI": re.compile("22"),  # Åland
    "FR": re.compile("97|98(?!0)"),  # overseas; 980 is Monaco, which belongs to the area
    "GR": re.compile("63086|63087"),  # Mount Athos
    "IT": re.compile("22061|23041"),  # Campione d'Italia, Livigno
}
# The two members whose ids begin with other letters than their addresses' code.
PREFIXES = {"EL": "GR", "XI": "GB"}
# Northern Ireland belongs to the area of goods.
NORTHERN_IRELAND = re.compile("BT[0-9]")
LONGEST = 30  # with any separators


def is_outside(destination: Destination) -> bool:
    """Whether it is a territory of a member that does not belong to the area."""
    pattern = OUTSIDE.get(destination.country)
    return pattern is not None and pattern.match(bare_zip_code(destination)) is not None


def is_inside(destination: Destination) -> bool:
    """Whether it belongs to the area."""
    if destination.country == "GB":
        return NORTHERN_IRELAND.match(bare_zip_code(destination)) is not None
    if destination.country == "MC":
        return True
    return destination.country in MEMBERS and not is_outside(destination)


def bare_zip_code(destination: Destination) -> str:
    return SEPARATORS.sub("", destination.zip_code).upper()


def normalize_vat_id(text: str) -> str | None:
    """Return the VAT id in the form in which it is stored, DE136695976; None if it is not valid in form.

    Greek ids begin with EL, whatever was typed.
    """
    if len(text) > LONGEST:
        return None
    try:
        vat_id: str = vat.validate(text)
    except NotValid:
        return None
    return f"EL{vat_id[2:]}" if vat_id.startswith("GR") else vat_id


def country_of(vat_id: str) -> str:
    """Return the code that addresses have for the country of a normalized VAT id."""
    return PREFIXES.get(vat_id[:2], vat_id[:2])


def is_reverse_charge(*, seller: str, destination: Destination, vat_id: str) -> bool:
    """Whether the buyer owes the tax: a company of one member that has the goods sent to it from another."""
    return (
        bool(vat_id)
        and is_inside(Destination(country=seller))
        and is_inside(destination)
        and seller not in (destination.country, country_of(vat_id))
    )
