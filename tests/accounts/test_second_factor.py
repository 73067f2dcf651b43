"""The staff's second factor in the admin, and the pages that are closed without it."""

import re
from base64 import b32decode
from types import SimpleNamespace

import pytest
from django.test import Client
from django.urls import reverse
from django_otp.oath import hotp
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice
from pytest_django import Settings

from accounts import second_factor
from accounts.models import User
from tests.conftest import GraphQLClient, global_id
from tests.factories import PASSWORD, make_staff, make_user
from tests.staff import browser_of, clerk

pytestmark = pytest.mark.django_db

INDEX, LOGIN = reverse("admin:index"), reverse("admin:login")
PAGE = reverse("admin:second_factor")


@pytest.fixture(autouse=True)
def _on(settings: Settings) -> None:
    settings.STORE_STAFF_TWO_FACTOR = True


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """The authenticator's clock. It must advance, because no code works twice."""
    clock = SimpleNamespace(now=1_800_000_000)
    fake = SimpleNamespace(time=lambda: clock.now)
    monkeypatch.setattr("django_otp.plugins.otp_totp.models.time", fake)
    monkeypatch.setattr("django_otp.oath.time", lambda: clock.now)
    return clock


def code_of(device: TOTPDevice, clock: SimpleNamespace) -> str:
    clock.now += 60
    return code_at(device.bin_key, clock.now)


def code_at(key: bytes, now: int) -> str:
    return f"{hotp(key, now // 30):06d}"


@pytest.fixture
def root() -> User:
    return make_staff(email="root@example.com")


def sign_in(user: User) -> Client:
    browser = Client()
    answer = browser.post(f"{LOGIN}?next={INDEX}", {"username": user.email, "password": PASSWORD})
    assert answer.status_code == 302
    return browser


def enrol_person(user: User) -> TOTPDevice:
    device: TOTPDevice = TOTPDevice.objects.create(user=user, name="Authenticator")
    return device


class TestEnrolling:
    def test_a_new_one_leads_there_shows_the_secret_and_takes_its_code(
        self, root: User, clock: SimpleNamespace
    ) -> None:
        browser = sign_in(root)
        people = reverse("admin:accounts_user_changelist")
        page = browser.get(people, follow=True)
        assert page.redirect_chain[-1][0].startswith(PAGE)
        assert "data:image/svg+xml" in page.text
        secret = re.search(r'<code id="secret">([A-Z2-7 ]+)</code>', page.text)
        assert secret
        key = b32decode(secret[1].replace(" ", ""))
        answer = browser.post(PAGE, {"code": code_at(key, clock.now), "next": people})
        codes = re.findall(r"<li><code>([a-z2-7]+)</code></li>", answer.text)
        assert len(codes) == 10
        assert f'href="{people}"' in answer.text
        assert browser.get(people).status_code == 200
        again = sign_in(root)
        assert again.post(PAGE, {"code": codes[0], "next": people}).headers["Location"] == people

    def test_the_secret_stays_while_the_page_is_loaded_again(self, root: User) -> None:
        browser = sign_in(root)
        assert browser.get(PAGE).context["secret"] == browser.get(PAGE).context["secret"]

    def test_a_wrong_code_enrols_nothing(self, root: User, clock: SimpleNamespace) -> None:
        browser = sign_in(root)
        browser.get(PAGE)
        assert "This code is not valid." in browser.post(PAGE, {"code": "000000"}).text
        assert second_factor.device_of(root) is None
        assert browser.get(INDEX).status_code == 302


class TestVerifying:
    def test_the_code_opens_the_admin_once(self, root: User, clock: SimpleNamespace) -> None:
        browser, device = sign_in(root), enrol_person(root)
        assert "data:image" not in browser.get(PAGE).text
        code = code_of(device, clock)
        before = browser.session.session_key
        assert browser.post(PAGE, {"code": code}).headers["Location"] == INDEX
        assert browser.session.session_key != before
        assert browser.get(INDEX).status_code == 200
        assert sign_in(root).post(PAGE, {"code": code}).status_code == 200  # the same code again

    def test_a_backup_code_works_once(self, root: User) -> None:
        enrol_person(root)
        backup = StaticDevice.objects.create(user=root, name="Backup codes")
        StaticToken.objects.create(device=backup, token="abcdefgh")
        browser = sign_in(root)
        assert browser.post(PAGE, {"code": " ABCD EFGH "}).status_code == 302
        assert browser.get(INDEX).status_code == 200
        assert sign_in(root).post(PAGE, {"code": "abcdefgh"}).status_code == 200
        assert not StaticToken.objects.exists()

    def test_wrong_codes_are_throttled(self, root: User, clock: SimpleNamespace, settings: Settings) -> None:
        settings.OTP_TOTP_THROTTLE_FACTOR = 0
        browser, device = sign_in(root), enrol_person(root)
        assert [browser.post(PAGE, {"code": "000000"}).status_code for _ in range(10)] == [200] * 10
        assert browser.post(PAGE, {"code": code_of(device, clock)}).status_code == 429
        assert browser.get(INDEX).status_code == 302

    def test_after_a_wrong_code_the_next_waits(self, root: User, clock: SimpleNamespace) -> None:
        browser, device = sign_in(root), enrol_person(root)
        for _ in range(3):
            browser.post(PAGE, {"code": "000000"})
        assert browser.post(PAGE, {"code": code_of(device, clock)}).status_code == 200
        assert browser.get(INDEX).status_code == 302

    def test_anothers_code_is_wrong(self, root: User, clock: SimpleNamespace) -> None:
        browser, other = sign_in(root), make_staff()
        enrol_person(root)
        assert browser.post(PAGE, {"code": code_of(enrol_person(other), clock)}).status_code == 200
        assert browser.get(INDEX).status_code == 302

    def test_leads_to_no_other_site(self, root: User, clock: SimpleNamespace) -> None:
        browser, device = sign_in(root), enrol_person(root)
        answer = browser.post(PAGE, {"code": code_of(device, clock), "next": "https://evil.example/"})
        assert answer.headers["Location"] == INDEX


class TestWithout:
    @pytest.mark.parametrize(
        "name", ["index", "accounts_user_changelist", "password_change", "search", "auth_group_add"]
    )
    def test_no_page_of_the_admin_opens(self, root: User, name: str) -> None:
        answer = sign_in(root).get(reverse(f"admin:{name}"))
        assert answer.status_code == 302
        assert answer.headers["Location"].startswith(LOGIN)

    def test_the_api_gives_no_rights_of_the_staff(self, root: User, clock: SimpleNamespace) -> None:
        """Otherwise the password alone would give rights in the API that it does not give in the admin."""
        other = make_user()
        query = "query($id: ID!) { node(id: $id) { ... on User { email } } }"
        api = GraphQLClient()
        api.force_login(root)
        id = global_id("User", other.pk)
        assert api.run(query, id=id) == {"node": None}
        assert api.run(query, id=global_id("User", root.pk)) == {"node": {"email": root.email}}
        api.post(PAGE, {"code": code_of(enrol_person(root), clock)})
        assert api.run(query, id=id) == {"node": {"email": other.email}}

    def test_one_can_sign_out(self, root: User) -> None:
        browser = sign_in(root)
        assert "Log out" in browser.get(PAGE).text
        browser.post(reverse("admin:logout"))
        assert "sessionid" not in browser.cookies or browser.session.get("_auth_user_id") is None

    def test_a_shopper_is_not_asked(self) -> None:
        answer = browser_of(make_user()).get(PAGE)
        assert answer.headers["Location"] == INDEX

    def test_nothing_is_asked_where_it_is_off(self, root: User, settings: Settings) -> None:
        settings.STORE_STAFF_TWO_FACTOR = False
        assert sign_in(root).get(INDEX).status_code == 200


class TestRemoving:
    def test_the_staff_within_reach_can_have_theirs_forgotten(self, root: User, settings: Settings) -> None:
        settings.STORE_STAFF_TWO_FACTOR = False
        lost, action = make_staff(), {"action": "remove_second_factors"}
        enrol_person(lost)
        page = reverse("admin:accounts_user_changelist")
        clerk("view_user", "change_user").post(page, {**action, "_selected_action": [lost.pk]})
        assert second_factor.device_of(lost)
        browser_of(root).post(page, {**action, "_selected_action": [lost.pk]})
        assert not second_factor.device_of(lost)

    def test_the_devices_have_no_pages_of_their_own(self, root: User, settings: Settings) -> None:
        settings.STORE_STAFF_TWO_FACTOR = False
        for app in ("otp_totp", "otp_static"):
            assert browser_of(root).get(f"/admin/{app}/").status_code == 404
