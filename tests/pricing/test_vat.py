"""The VAT area, its territories and VAT ids."""

import pytest

from core.places import Destination
from pricing.vat import is_inside, is_outside, is_reverse_charge, normalize_vat_id

GERMAN, FRENCH, GREEK, SPANISH = "DE136695976", "FR40303265045", "EL094259216", "ESB58378431"


class TestNormalizeVatId:
    @pytest.mark.parametrize(
        ("typed", "vat_id"),
        [
            ("DE136695976", GERMAN),
            (" de 136 695 976 ", GERMAN),
            ("ATU 13585627", "ATU13585627"),
            ("EL094259216", GREEK),
            ("gr 094259216", GREEK),  # addresses say GR, ids EL
            ("XI432525179", "XI432525179"),
        ],
    )
    def test_has_one_form(self, typed: str, vat_id: str) -> None:
        assert normalize_vat_id(typed) == vat_id

    @pytest.mark.parametrize(
        "typed",
        [
            "",
            "DE136695977",  # the last digit is wrong
            "136695976",
            "US136695976",
            "GB432525179",
            "DE",
            "D" * 10_000,
            "DE13669597\u0661",
            "\0DE136695976",
        ],
    )
    def test_refuses_what_is_not_valid_in_form(self, typed: str) -> None:
        assert normalize_vat_id(typed) is None


class TestArea:
    @pytest.mark.parametrize(
        ("country", "zip_code"),
        [
            ("ES", "35001"),
            ("ES", " 35 001 "),
            ("ES", "38001"),
            ("ES", "51001"),
            ("ES", "52006"),
            ("DE", "27498"),
            ("DE", "78266"),
            ("FI", "22100"),
            ("FR", "97400"),
            ("GR", "630 86"),
            ("IT", "23041"),
            ("IT", "22061"),
        ],
    )
    def test_leaves_out_some_territories(self, country: str, zip_code: str) -> None:
        destination = Destination(country=country, zip_code=zip_code)
        assert is_outside(destination)
        assert not is_inside(destination)

    @pytest.mark.parametrize(
        ("country", "zip_code"),
        [
            ("ES", "28001"),
            ("ES", ""),
            ("DE", "27499"),
            ("DE", "35037"),
            ("FR", "75001"),
            ("FR", "98000"),
            ("MC", "98000"),
            ("GB", "BT1 1AA"),
            ("GR", "10431"),
        ],
    )
    def test_has_the_rest(self, country: str, zip_code: str) -> None:
        destination = Destination(country=country, zip_code=zip_code)
        assert is_inside(destination)
        assert not is_outside(destination)

    @pytest.mark.parametrize(
        ("country", "zip_code"), [("GB", "SW1A 1AA"), ("CH", "8001"), ("US", "35001"), ("GP", "97100")]
    )
    def test_has_no_third_country(self, country: str, zip_code: str) -> None:
        assert not is_inside(Destination(country=country, zip_code=zip_code))


class TestIsReverseCharge:
    @pytest.mark.parametrize(
        ("seller", "country", "zip_code", "vat_id", "owed"),
        [
            ("DE", "FR", "75001", FRENCH, True),
            ("DE", "GR", "10431", GREEK, True),
            ("GR", "DE", "50667", GERMAN, True),
            ("DE", "FR", "75001", GREEK, True),  # of a third member
            ("DE", "GB", "BT1 1AA", "XI432525179", True),
            ("DE", "FR", "75001", "", False),
            ("DE", "DE", "50667", GERMAN, False),
            ("DE", "DE", "50667", FRENCH, False),  # the goods stay in the country
            ("DE", "FR", "75001", GERMAN, False),
            ("GR", "FR", "75001", GREEK, False),  # GR and EL are one country
            ("DE", "ES", "35001", SPANISH, False),  # exported: no tax, whoever buys
            ("US", "FR", "75001", FRENCH, False),
            ("DE", "CH", "8001", FRENCH, False),
        ],
    )
    def test_holds_between_companies_of_two_members(
        self, seller: str, country: str, zip_code: str, vat_id: str, owed: bool
    ) -> None:
        destination = Destination(country=country, zip_code=zip_code)
        assert is_reverse_charge(seller=seller, destination=destination, vat_id=vat_id) is owed
