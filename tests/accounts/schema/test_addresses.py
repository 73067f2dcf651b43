"""The rules of a form for an address, and the address book."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from accounts.address_book import MAX_ADDRESSES
from accounts.models import Address, User
from tests.conftest import GraphQLClient, global_id
from tests.factories import STREET, make_entry, make_staff, make_user
from tests.hostile import hostile_strings
from tests.rights.shop import whole_database

pytestmark = pytest.mark.django_db

SignedIn = Callable[[User], GraphQLClient]
RULES = """query($country: String!) { addressRules(country: $country) {
    country { code name } required used states { code name } zipCodePattern zipCodeExample } }"""
FIELDS = (
    "firstName lastName company phone address address2 buildingNumber city zipCode state country isDefault"
)
ANSWER = f"""__typename ... on Address {{ id {FIELDS} }}
    ... on ValidationError {{ code fields {{ field message }} }} ... on NotFound {{ code }}"""
CREATE = f"mutation($input: AddressInput!) {{ answer: createAddress(input: $input) {{ {ANSWER} }} }}"
UPDATE = f"mutation($input: UpdateAddressInput!) {{ answer: updateAddress(input: $input) {{ {ANSWER} }} }}"
DELETE = """mutation($input: DeleteAddressInput!) { answer: deleteAddress(input: $input) {
    __typename ... on Deleted { id product { id } } ... on NotFound { code } } }"""
BOOK = f"{{ me {{ addresses {{ id {FIELDS} }} }} }}"
HOME = {
    "firstName": "Ada",
    "phone": "030 123456",
    "address": "Hauptstraße",
    "zipCode": "D-10115",
    "country": "de",
}


@pytest.fixture
def user() -> User:
    return make_user()


@pytest.fixture
def browser(signed_in: SignedIn, user: User) -> GraphQLClient:
    return signed_in(user)


def answer_of(browser: GraphQLClient, document: str, **input: Any) -> Any:
    return browser.run(document, input=input)["answer"]


def wrong_fields(answer: Any) -> list[str]:
    assert (answer["__typename"], answer["code"]) == ("ValidationError", "INVALID")
    return sorted(error["field"] for error in answer["fields"])


def book_of(user: User) -> dict[int, bool]:
    """Return which addresses are the default, by key."""
    return dict(Address.objects.filter(user=user).order_by("pk").values_list("pk", "is_default"))


class TestAddressRules:
    def test_of_germany(self, api: GraphQLClient) -> None:
        assert api.run(RULES, country="DE")["addressRules"] == {
            "country": {"code": "DE", "name": "Germany"},
            "required": ["firstName", "address", "zipCode", "city", "country", "phone", "email"],
            "used": [
                *("firstName", "lastName", "company", "address", "buildingNumber", "address2"),
                *("zipCode", "city", "country", "phone", "email"),
            ],
            "states": [],
            "zipCodePattern": r"\d{5}",
            "zipCodeExample": "26133",
        }

    def test_of_the_united_states(self, api: GraphQLClient) -> None:
        rules = api.run(RULES, country="us")["addressRules"]
        assert rules["country"] == {"code": "US", "name": "United States"}
        assert {"state", "zipCode"} <= set(rules["required"])
        assert {"code": "CA", "name": "California"} in rules["states"]

    def test_of_a_country_without_postal_codes(self, api: GraphQLClient) -> None:
        rules = api.run(RULES, country="HK")["addressRules"]
        assert "zipCode" not in rules["used"]
        assert (rules["zipCodePattern"], rules["zipCodeExample"]) == (None, None)

    @pytest.mark.parametrize("country", ["", "XX", "ZZ", "USA", "EU", "\u017fs", "../us", "u" * 20_000])
    def test_of_no_country(self, api: GraphQLClient, country: str) -> None:
        assert api.run(RULES, country=country) == {"addressRules": None}

    def test_read_no_rows(self, api: GraphQLClient) -> None:
        with CaptureQueriesContext(connection) as queries:
            api.run(RULES, country="DE")
        assert len(queries) == 0

    def test_every_country_of_the_shop_has_rules(self, api: GraphQLClient, settings: Settings) -> None:
        shop = api.run("{ shop { name countries { code name } } }")["shop"]
        assert shop["name"] == settings.STORE_NAME
        assert len(shop["countries"]) > 200
        for country in shop["countries"][::10]:
            rules = api.run(RULES, country=country["code"])["addressRules"]
            assert rules["country"] == country


class TestCreateAddress:
    def test_as_the_country_writes_it(self, browser: GraphQLClient, user: User) -> None:
        answer = answer_of(browser, CREATE, **HOME, company="Ada & Co.", address2="3rd floor")
        address = Address.objects.get(user=user)
        assert answer == {
            "__typename": "Address",
            "id": global_id("Address", address.pk),
            **dict.fromkeys(FIELDS.split(), ""),
            **HOME,
            "country": "DE",
            "phone": "+4930123456",
            "zipCode": "10115",
            "company": "Ada & Co.",
            "address2": "3rd floor",
            "isDefault": True,
        }

    def test_the_first_is_the_default_until_another_is(self, browser: GraphQLClient, user: User) -> None:
        for wanted in (False, False, True, False):
            answer_of(browser, CREATE, **HOME, isDefault=wanted)
        assert [*book_of(user).values()] == [False, False, True, False]
        listed = browser.run(BOOK)["me"]["addresses"]
        assert [address["isDefault"] for address in listed] == [True, False, False, False]

    def test_wrong_fields_are_named_as_in_the_input(self, browser: GraphQLClient) -> None:
        before = whole_database()
        wrong = {"zipCode": "1", "phone": "x", "firstName": " ", "address2": "é" * 201, "company": "a\nb"}
        answer = answer_of(browser, CREATE, **{**HOME, **wrong})
        assert wrong_fields(answer) == sorted(wrong)
        assert wrong_fields(answer_of(browser, CREATE, **{**HOME, "country": "XX"})) == ["country"]
        assert whole_database() == before

    def test_at_most_so_many(self, browser: GraphQLClient, user: User) -> None:
        Address.objects.bulk_create(Address(user=user, **STREET) for _ in range(MAX_ADDRESSES - 1))
        assert answer_of(browser, CREATE, **HOME)["__typename"] == "Address"
        before = whole_database()
        assert wrong_fields(answer_of(browser, CREATE, **HOME)) == [""]
        assert whole_database() == before

    def test_hostile_strings(self, browser: GraphQLClient, user: User) -> None:
        for text in hostile_strings()[::25]:
            if "\0" in text:
                continue
            answer = answer_of(browser, CREATE, **{**HOME, "company": text, "city": text, "lastName": text})
            if answer["__typename"] == "Address":
                assert answer["company"] == answer["city"] == answer["lastName"]
            else:
                assert set(wrong_fields(answer)) <= {"company", "city", "lastName", ""}

    def test_a_guest_is_refused(self, api: GraphQLClient) -> None:
        assert api.expect_refusal(CREATE, input=HOME) == "UNAUTHENTICATED"


class TestUpdateAddress:
    def test_replaces_all_fields(self, browser: GraphQLClient, user: User) -> None:
        key = make_entry(user=user, company="Old Ltd")
        answer = answer_of(browser, UPDATE, id=global_id("Address", key), address=HOME)
        assert (answer["company"], answer["country"], answer["isDefault"]) == ("", "DE", True)
        assert Address.objects.get().pk == key

    def test_to_the_default(self, browser: GraphQLClient, user: User) -> None:
        first, second = make_entry(user=user), make_entry(user=user)
        answer_of(browser, UPDATE, id=global_id("Address", second), address={**HOME, "isDefault": True})
        assert book_of(user) == {first: False, second: True}

    def test_leaves_a_default(self, browser: GraphQLClient, user: User) -> None:
        first, second = make_entry(user=user), make_entry(user=user)
        answer_of(browser, UPDATE, id=global_id("Address", first), address={**HOME, "isDefault": False})
        assert book_of(user) == {first: True, second: False}

    def test_wrong_fields_are_named_as_in_the_input(self, browser: GraphQLClient, user: User) -> None:
        key = make_entry(user=user)
        before = whole_database()
        answer = answer_of(
            browser, UPDATE, id=global_id("Address", key), address={**HOME, "zipCode": "1", "isDefault": True}
        )
        assert wrong_fields(answer) == ["address.zipCode"]
        assert whole_database() == before

    def test_of_somebody_else(self, browser: GraphQLClient, user: User) -> None:
        make_entry(user=user)
        others = make_entry(user=make_user())
        before = whole_database()
        for key in (others, others + 1, 2**62):
            answer = answer_of(browser, UPDATE, id=global_id("Address", key), address=HOME)
            assert answer == {"__typename": "NotFound", "code": "NOT_FOUND"}
        assert whole_database() == before

    @pytest.mark.parametrize("id", ["", "x", global_id("Shipping", 1), global_id("Address", -1)])
    def test_by_what_is_no_id_of_one(self, browser: GraphQLClient, id: str) -> None:
        assert browser.expect_refusal(UPDATE, input={"id": id, "address": HOME}) == "BAD_USER_INPUT"


class TestDeleteAddress:
    def test_the_default_passes_to_the_latest(self, browser: GraphQLClient, user: User) -> None:
        first, second, third = (make_entry(user=user) for _ in range(3))
        id = global_id("Address", first)
        assert answer_of(browser, DELETE, id=id) == {"__typename": "Deleted", "id": id, "product": None}
        assert book_of(user) == {second: False, third: True}
        answer_of(browser, DELETE, id=global_id("Address", second))
        assert book_of(user) == {third: True}
        answer_of(browser, DELETE, id=global_id("Address", third))
        assert book_of(user) == {}

    def test_twice(self, browser: GraphQLClient, user: User) -> None:
        id = global_id("Address", make_entry(user=user))
        answer_of(browser, DELETE, id=id)
        assert answer_of(browser, DELETE, id=id)["__typename"] == "NotFound"

    def test_of_somebody_else(self, browser: GraphQLClient) -> None:
        key = make_entry(user=make_user())
        before = whole_database()
        assert answer_of(browser, DELETE, id=global_id("Address", key))["__typename"] == "NotFound"
        assert whole_database() == before


class TestReading:
    def test_others_see_none(self, signed_in: SignedIn, user: User) -> None:
        key = make_entry(user=user)
        node = "query($id: ID!) { node(id: $id) { ... on Address { phone } } }"
        for other in (GraphQLClient(), signed_in(make_user()), signed_in(make_user(is_staff=True))):
            assert other.run(node, id=global_id("Address", key)) == {"node": None}
        assert signed_in(user).run(node, id=global_id("Address", key))["node"] == {"phone": "+14155552671"}

    def test_staff_without_the_right_see_an_empty_book(self, signed_in: SignedIn, user: User) -> None:
        make_entry(user=user)
        clerk = make_user(is_staff=True)
        clerk.user_permissions.add(*permissions("view_user"))
        of_user = "query($id: ID!) { node(id: $id) { ... on User { email addresses { city } } } }"
        id = global_id("User", user.pk)
        assert signed_in(clerk).run(of_user, id=id)["node"] == {"email": user.email, "addresses": []}
        assert len(signed_in(make_staff()).run(of_user, id=id)["node"]["addresses"]) == 1

    def test_the_database_keeps_one_default(self, user: User) -> None:
        make_entry(user=user)
        with pytest.raises(IntegrityError), transaction.atomic():
            Address.objects.create(user=user, is_default=True, **STREET)


class TestStatements:
    def count(self, browser: GraphQLClient, document: str, **variables: Any) -> int:
        with CaptureQueriesContext(connection) as queries:
            browser.run(document, **variables)
        return len(queries)

    def test_are_as_many_in_a_large_book(self, signed_in: SignedIn) -> None:
        counts = []
        for entries in (2, 40):
            user = make_user()
            keys = [make_entry(user=user) for _ in range(entries)]
            browser, last = signed_in(user), global_id("Address", keys[-1])
            counts.append(
                (
                    self.count(browser, BOOK),
                    self.count(browser, CREATE, input={**HOME, "isDefault": True}),
                    self.count(browser, UPDATE, input={"id": last, "address": {**HOME, "isDefault": True}}),
                    self.count(browser, DELETE, input={"id": last}),
                )
            )
        # Session and user; then the row and the book; the transaction and the answer.
        assert counts == [(4, 9, 9, 8)] * 2


def permissions(*codenames: str) -> Any:
    return Permission.objects.filter(codename__in=codenames)
