"""Reading people: which fields, and by whom."""

from collections.abc import Callable

import pytest
from strawberry import relay

from accounts.models import User
from tests.accounts.operations import (
    ME,
    PROFILE,
    email_of,
    session_key,
)
from tests.conftest import GraphQLClient
from tests.factories import make_staff, make_user
from tests.hostile import hostile_strings

pytestmark = pytest.mark.django_db

SignedIn = Callable[[User], GraphQLClient]


class TestMe:
    def test_a_guest_is_nobody(self, api: GraphQLClient) -> None:
        assert api.run(ME) == {"me": None}
        assert session_key(api) is None

    def test_oneself(self, signed_in: SignedIn) -> None:
        user = make_user(first_name="Grace", last_name="Hopper")
        me = signed_in(user).run(ME)["me"]
        assert (me["email"], me["emailVerified"], me["firstName"], me["lastName"]) == (
            user.email,
            False,
            "Grace",
            "Hopper",
        )
        profile = me["profile"]
        assert (profile["name"], profile["slug"], profile["avatar"]) == ("Grace Hopper", "grace-hopper", None)

    def test_an_account_that_is_switched_off_is_signed_out(self, signed_in: SignedIn) -> None:
        user = make_user()
        browser = signed_in(user)
        User.objects.filter(pk=user.pk).update(is_active=False)
        assert email_of(browser) is None


class TestProfile:
    def test_by_slug_for_anyone(self, api: GraphQLClient) -> None:
        make_user(first_name="Ирина", last_name="")
        profile = api.run(PROFILE, slug="ирина")["profile"]
        assert (profile["name"], profile["slug"]) == ("Ирина", "ирина")

    def test_of_nobody(self, api: GraphQLClient) -> None:
        make_user()
        assert api.run(PROFILE, slug="nobody") == {"profile": None}

    def test_has_no_email(self, api: GraphQLClient) -> None:
        assert api.expect_refusal('{ profile(slug: "x") { email } }') == "BAD_USER_INPUT"

    def test_hostile_slugs_name_nobody(self, api: GraphQLClient) -> None:
        make_user()
        for text in hostile_strings():
            assert api.run(PROFILE, slug=text) == {"profile": None}


class TestNode:
    """`node` of a User, which has the e-mail address."""

    QUERY = "query($id: ID!) { node(id: $id) { ... on User { email } ... on Profile { name } } }"

    def test_strangers_do_not_see_a_user(self, api: GraphQLClient, signed_in: SignedIn) -> None:
        id = str(relay.GlobalID("User", str(make_user().pk)))
        assert api.run(self.QUERY, id=id) == {"node": None}
        assert signed_in(make_user()).run(self.QUERY, id=id) == {"node": None}

    def test_the_person_and_the_staff_do(self, signed_in: SignedIn) -> None:
        user = make_user()
        id = str(relay.GlobalID("User", str(user.pk)))
        for browser in (signed_in(user), signed_in(make_staff())):
            assert browser.run(self.QUERY, id=id) == {"node": {"email": user.email}}

    def test_anyone_sees_a_profile(self, api: GraphQLClient) -> None:
        id = str(relay.GlobalID("Profile", str(make_user().profile.pk)))
        assert api.run(self.QUERY, id=id) == {"node": {"name": "Ada Lovelace"}}
