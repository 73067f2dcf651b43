"""Addresses: real ones, phone numbers of every region, each country's rules, and hostile strings."""

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from core.addresses import lines_of, required_fields, used_fields, validate_address
from core.errors import ValidationError, camel_case
from core.places import Country, is_in_state, list_countries
from core.places import country as country_of
from core.text import single_line
from orders.models import Shipping
from tests.conftest import GraphQLClient
from tests.factories import make_product
from tests.hostile import hostile_strings
from tests.orders.conftest import ADDRESS, add_to_cart, checkout, nothing_changes

CODES = [code for code, _ in list_countries()]
DATA = Path(__file__).parents[3] / "shared" / "data" / "addresses-phones"
COLUMNS = {
    "first_name": "Ada",
    "last_name": "Lovelace",
    "company": "",
    "email": "ada@example.com",
    "phone": "+14155552671",
    "address": "Market Street",
    "address2": "",
    "building_number": "1",
    "city": "",
    "zip_code": "94105",
    "state": "CA",
    "country": "US",
}


def load(name: str, *, purpose: str) -> Any:
    """Load a data set; skip the calling test if the file is missing."""
    path = DATA / name
    if not path.exists():
        pytest.skip(f"It would {purpose}, but there is no {path.name}.")
    return json.loads(gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes())


def check(**columns: str) -> Shipping:
    """Validate an address with these columns and return it. The other columns are right for its country."""
    shipping = Shipping(**{**COLUMNS, **home(**{**COLUMNS, **columns}), **columns})
    validate_address(shipping, prefix="shipping.")
    return shipping


def home(*, country: str, zip_code: str, **_: str) -> dict[str, str]:
    """Return a valid postal code and state for the country, if its addresses need them."""
    rules = country_of(country)
    if rules is None:
        return {}
    if zip_code == COLUMNS["zip_code"] and country != COLUMNS["country"]:
        zip_code = "656000" if country == "RU" else next(iter(rules.zip_code_examples), "1")
    fitting = (name for name in rules.states if is_in_state(zip_code, state=name, country=rules))
    return {
        "zip_code": zip_code if rules.needs_zip_code else "",
        "state": next(fitting, next(iter(rules.states), "A state")) if rules.needs_state else "",
    }


def wrong_fields(**columns: str) -> list[str]:
    """Return the fields that are refused, without the prefix `shipping.`."""
    try:
        check(**columns)
    except ValidationError as error:
        return sorted(wrong.field.removeprefix("shipping.") for wrong in error.fields)
    return []


class TestRealAddresses:
    @pytest.mark.slow
    def test_of_the_united_states(self) -> None:
        addresses = load("rrad-addresses-us-all.min.json", purpose="check 3,220 American addresses")[
            "addresses"
        ]
        assert len(addresses) == 3220
        for row in addresses:
            number, _, street = row["address1"].partition(" ")
            columns = {
                "building_number": number,
                "address": street,
                "city": row.get("city", ""),
                "zip_code": row["postalCode"],
                "state": row["state"],
            }
            assert wrong_fields(**columns) == [], row


class TestPhone:
    def test_numbers_of_every_region(self) -> None:
        examples = load(
            "phone-examples.json", purpose="check an example of each kind of number of every region"
        )
        assert len(examples) == 734
        for example in examples:
            expected = [] if example["valid"] else ["phone"]
            for form in ("e164", "international"):
                assert wrong_fields(phone=example[form]) == expected, example

    def test_is_kept_in_its_international_form(self) -> None:
        for example in load("phone-examples.json", purpose="write each region's numbers internationally"):
            if example["valid"]:
                assert check(phone=example["international"]).phone == example["e164"]

    @pytest.mark.parametrize(
        ("phone", "country"), [("(415) 555-2671", "US"), ("030 123456", "DE"), ("+49 30 123456", "US")]
    )
    def test_without_its_countrys_code_it_is_of_the_addresss_country(self, phone: str, country: str) -> None:
        assert check(phone=phone, country=country).phone in ("+14155552671", "+4930123456")

    @pytest.mark.parametrize(
        ("phone", "kept"),
        [
            ("+49 (0) 221 / 123 456", "+49221123456"),
            ("+7 (0) 495 123 45 67", "+74951234567"),
            ("+39 (0)6 1234 5678", "+390612345678"),
            ("\u202a+49 221 123456\u202c", "+49221123456"),
            ("＋４９ ２２１ １２３４５６", "+49221123456"),
            ("+1 (415) 555-2671 x89", "+14155552671 ext. 89"),
            ("tel:+49-221-123456;ext=89", "+49221123456 ext. 89"),
            ("+14155552671 ext. 89", "+14155552671 ext. 89"),
        ],
    )
    def test_as_people_write_it(self, phone: str, kept: str) -> None:
        assert check(phone=phone).phone == kept

    @pytest.mark.parametrize("phone", ["", " ", "1", "+", "abc", "+999123456789", "0" * 20])
    def test_none(self, phone: str) -> None:
        assert wrong_fields(phone=phone) == ["phone"]

    def test_too_long(self) -> None:
        assert wrong_fields(phone="4" * 5000) == ["phone"]


class TestCountry:
    def test_every_country_of_the_rules(self) -> None:
        for country in load("i18n-address-rules.json.gz", purpose="accept every country"):
            if len(country) == 2 and country != "ZZ":
                assert wrong_fields(country=country) == [], country

    @pytest.mark.parametrize(
        "country", ["", "XX", "ZZ", "EU", "USA", "U", "U/", "..", "%s", "ÄÖ", "U\n", "١٢", "12"]
    )
    def test_none(self, country: str) -> None:
        assert wrong_fields(country=country) == ["country"]

    @pytest.mark.parametrize("country", ["us", "Us", " us\n"])
    def test_in_small_letters(self, country: str) -> None:
        assert check(**{**COLUMNS, "country": country}).country == "US"

    @pytest.mark.parametrize("country", ["\ufb01", "\u0131t", "\uff24\uff25"])
    def test_letters_that_only_become_capitals_of_a_code(self, country: str) -> None:
        assert wrong_fields(country=country) == ["country"]


class TestZipCode:
    def test_the_examples_of_every_country(self) -> None:
        """Each country's own example is valid. A code that no country has is refused where the format is known."""
        for country, rules in load(
            "i18n-address-rules.json.gz", purpose="check examples of all postal codes"
        ).items():
            if len(country) != 2 or country == "ZZ" or "%Z" not in rules.get("fmt", "%Z"):
                continue
            # Russia's own example belongs to none of its regions.
            for example in ones(rules.get("zipex", "") if country != "RU" else "656000"):
                assert wrong_fields(country=country, zip_code=example) == [], (country, example)
            if rules.get("zip") and "fmt" in rules:
                assert wrong_fields(country=country, zip_code="!") == ["zipCode"], country

    @pytest.mark.parametrize("zip_code", ["9410", "941055", "ABCDE", "94105-12", ""])
    def test_none(self, zip_code: str) -> None:
        assert wrong_fields(zip_code=zip_code) == ["zipCode"]

    def test_is_stored_as_the_country_writes_it(self) -> None:
        assert check(zip_code=" 94105\u00a0", state="CA").zip_code == "94105"
        assert check(country="NL", zip_code="1012ab").zip_code == "1012 AB"
        assert check(country="JP", zip_code="１５０－０００２", state="東京都").zip_code == "150-0002"
        assert check(country="IN", zip_code="400 001", state="Maharashtra").zip_code == "400001"

    def test_is_needed_where_the_country_has_one(self) -> None:
        assert wrong_fields(country="DE", zip_code="") == ["zipCode"]
        assert wrong_fields(country="IE", zip_code="") == []

    def test_of_another_state(self) -> None:
        assert wrong_fields(zip_code="94105", state="NY") == ["zipCode"]
        assert wrong_fields(zip_code="94105", state="CA") == []

    def test_in_small_letters(self) -> None:
        assert wrong_fields(country="GB", zip_code="sw1a 1aa") == []

    def test_where_there_are_none(self) -> None:
        assert wrong_fields(country="HK", zip_code="anything") == []


class TestState:
    @pytest.mark.parametrize("state", ["CA", "ca", "California", "CA ", "US-CA"])
    def test_by_code_or_by_name(self, state: str) -> None:
        assert check(state=state).state == "CA"

    @pytest.mark.parametrize("state", ["XX", "Bavaria", "C", "New", ""])
    def test_none(self, state: str) -> None:
        assert wrong_fields(state=state) == ["state"]

    def test_where_there_are_none(self) -> None:
        assert wrong_fields(country="DE", state="Bayern") == []

    @pytest.mark.parametrize(
        ("country", "zip_code", "state", "kept"),
        [
            ("AR", "C1002AAA", "Buenos Aires", "Ciudad Autónoma de Buenos Aires"),
            ("AR", "c1002aaa", "CABA", "Ciudad Autónoma de Buenos Aires"),
            ("RU", "101000", "Moscow", "Moskva"),
            ("RU", "101000", "Москва", "Москва"),
        ],
    )
    def test_of_which_there_are_two(self, country: str, zip_code: str, state: str, kept: str) -> None:
        assert check(country=country, zip_code=zip_code, state=state).state == kept
        assert wrong_fields(country="AR", zip_code="X5000AAA", state="Buenos Aires") == ["zipCode"]


class TestCity:
    def test_is_never_refused(self) -> None:
        for country in ("US", "DE", "CN", "BR"):
            for city in ("", "Nowhere"):
                assert wrong_fields(country=country, city=city) == []


class TestRules:
    """What a form is told is what the store refuses, but for the city."""

    @pytest.mark.parametrize("code", CODES)
    def test_a_field_is_required_if_it_may_not_be_blank(self, code: str) -> None:
        rules = is_known(code)
        required = required_fields(rules)
        assert set(required) <= set(used_fields(rules)) <= COLUMNS.keys()
        refused = {column for column in COLUMNS if wrong_fields(**{"country": code, column: ""})}
        assert refused == {*required, "email"} - {"city"}

    @pytest.mark.parametrize(
        ("needed", "codes"),
        [
            (("city", "state", "zip_code"), "US CA AU BR CN ES IN IT KR MX TW"),
            (("city", "zip_code"), "DE GB FR NL BE AT CH PL SE NO DK FI PT CZ HU GR RO UA TR NZ ZA MY"),
            (("city",), "IE IL TH VN PH CL AR"),
            (("state", "zip_code"), "JP"),
            (("zip_code",), "SG"),
            (("state",), "HK AE CO ID"),
        ],
    )
    def test_what_the_larger_countries_need(self, needed: tuple[str, ...], codes: str) -> None:
        for code in codes.split():
            required = set(required_fields(is_known(code)))
            assert required == {"first_name", "address", "country", "phone", *needed}, code

    @pytest.mark.parametrize(
        ("code", "used"),
        [
            (
                "DE",
                "first_name last_name company address building_number address2 zip_code city country phone",
            ),
            (
                "US",
                "first_name last_name company building_number address address2 city state zip_code country phone",
            ),
            (
                "JP",
                "zip_code state address building_number address2 company first_name last_name country phone",
            ),
            (
                "IE",
                "first_name last_name company building_number address address2 city state zip_code country phone",
            ),
            ("SG", "first_name last_name company building_number address address2 zip_code country phone"),
        ],
    )
    def test_fields_are_in_the_order_of_the_country(self, code: str, used: str) -> None:
        assert " ".join(used_fields(is_known(code))) == used


class TestAllOfIt:
    def test_everything_that_is_wrong_is_named_at_once(self) -> None:
        columns = dict.fromkeys(COLUMNS, "")
        assert wrong_fields(**columns) == [
            "address",
            "country",
            "email",
            "firstName",
            "phone",
        ]
        assert wrong_fields(**{**COLUMNS, "email": "x", "zip_code": "x", "state": "x", "phone": "x"}) == [
            "email",
            "phone",
            "state",
            "zipCode",
        ]

    def test_each_field_is_told_the_first_thing_that_is_wrong(self) -> None:
        with pytest.raises(ValidationError) as refused:
            check(phone="", country="")
        assert {error.message for error in refused.value.fields} == {"This field cannot be blank."}
        assert len(refused.value.fields) == 2

    @pytest.mark.parametrize("blank", ["", " ", "\t\n", "\u2003"])
    def test_blank(self, blank: str) -> None:
        names = ["first_name", "last_name", "address", "building_number"]
        assert wrong_fields(**dict.fromkeys(names, blank)) == ["address", "firstName"]

    def test_a_person_with_one_name_in_a_house_without_a_number(self) -> None:
        shipping = check(
            first_name="Sukarno", last_name="", address="Jalan Medan Merdeka", building_number=""
        )
        assert lines_of(shipping)[:2] == ["Sukarno", "Jalan Medan Merdeka"]

    def test_the_address_that_was_pasted(self) -> None:
        pasted = {column: f"\ufeff {text}\u00a0\r\n" for column, text in COLUMNS.items()}
        shipping = check(**pasted)
        assert {column: getattr(shipping, column) for column in COLUMNS} == COLUMNS

    @pytest.mark.parametrize(
        ("column", "length"),
        [
            ("first_name", 100),
            ("last_name", 100),
            ("company", 200),
            ("address", 200),
            ("address2", 200),
            ("building_number", 20),
            ("city", 100),
        ],
    )
    def test_the_longest(self, column: str, length: int) -> None:
        assert wrong_fields(**{column: "é" * length}) == []
        assert len(wrong_fields(**{column: "é" * (length + 1)})) == 1


@pytest.mark.django_db
class TestHostileStrings:
    """Stored and returned unchanged, or refused with an error of that field and without a change."""

    DOCUMENT = f"query($uuid: UUID!) {{ order(uuid: $uuid) {{ shipping {{ {' '.join(map(camel_case, COLUMNS))} }} }} }}"
    CANCEL = "mutation($uuid: UUID!) { cancelOrder(input: {uuid: $uuid}) { __typename } }"

    @pytest.mark.parametrize("column", COLUMNS)
    def test_in_a_field(self, column: str) -> None:
        """All strings through the service, because an order for each would take minutes."""
        field = camel_case(column)
        for text in hostile_strings():
            if "\0" in text:
                continue
            if wrong := wrong_fields(**{column: text}):
                assert set(wrong) == {field}
            elif field != "phone":
                assert getattr(check(**{column: text}), column) == single_line(text)

    @pytest.mark.slow
    def test_in_all_fields_over_the_api(self, api: GraphQLClient) -> None:
        lamp = make_product(stock=5000)
        add_to_cart(api, lamp)
        for text in some(hostile_strings()):
            with nothing_changes():
                answer = checkout(api, shipping=dict.fromkeys(ADDRESS, text))
                assert answer["__typename"] == "ValidationError"
        taken = 0
        for text in some(hostile_strings()):
            names = ("firstName", "lastName", "company", "address", "address2", "city")
            answer = checkout(api, shipping={**ADDRESS, **dict.fromkeys(names, text)})
            if answer["__typename"] == "ValidationError":
                assert {error["field"] for error in answer["fields"]} <= {
                    f"shipping.{name}" for name in names
                }
                continue
            taken += 1
            stored = api.run(self.DOCUMENT, uuid=answer["uuid"])["order"]["shipping"]
            assert {stored[name] for name in names} == {single_line(text)}
            api.run(self.CANCEL, uuid=answer["uuid"])
            add_to_cart(api, lamp)
        assert taken > 10


def is_known(code: str) -> Country:
    found = country_of(code)
    assert found is not None
    return found


def ones(examples: str) -> Iterator[str]:
    """Return the items of a comma-separated list, with both ends of each range."""
    for example in examples.split(","):
        if example:
            yield example.split(":")[0]


def some(strings: list[str]) -> list[str]:
    """Return every tenth string, except those that no request can carry."""
    return [text for text in strings[::10] if "\0" not in text]
