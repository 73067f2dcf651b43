"""System checks of dangerous settings. The production settings pass Django's own checks."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings as configured
from django.core import checks
from django.core.management import call_command
from pytest_django import Settings

from backend.checks import check_languages_are_translated

PRODUCTION = {
    "PATH": os.environ["PATH"],
    "DEBUG": "false",  # overrides a developer's own .env
    "SECRET_KEY": "".join(chr(33 + place % 90) for place in range(21, 7 * 63, 7)),  # it begins with a $
    "ALLOWED_HOSTS": "api.shop.example",
    "STORE_ORIGINS": "https://shop.example",
    "DATABASE_URL": "postgres://store:password@127.0.0.1/store",
    "REDIS_URL": "redis://127.0.0.1:1/0",
    "EMAIL_URL": "smtp+tls://store:password@mail.shop.example",
    "DEFAULT_FROM_EMAIL": "The shop <shop@shop.example>",
    "STORE_NAME": "The shop",
    "STORE_FRONTEND_URL": "https://shop.example",
    "STRIPE_SECRET_KEY": "sk_live_of_an_account",
    "STRIPE_WEBHOOK_SECRETS": "whsec_of_the_endpoint",
}


def deploy_check(**variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        cwd=configured.BASE_DIR,
        env={**PRODUCTION, **variables},
        capture_output=True,
        text=True,
        check=False,
    )


def ids(*tags: str) -> list[str | None]:
    return [message.id for message in checks.run_checks(tags=tags, include_deployment_checks=True)]


@pytest.mark.slow
class TestProduction:
    def test_has_nothing_to_warn_of(self) -> None:
        checked = deploy_check()
        assert checked.returncode == 0, checked.stderr
        assert "no issues (1 silenced)" in checked.stdout + checked.stderr

    def test_warns_of_what_is_dangerous(self) -> None:
        warned = deploy_check(
            STRIPE_SECRET_KEY="", DATABASE_URL="sqlite:///db.sqlite3", REDIS_URL="redis://127.0.0.1:1/0"
        )
        assert warned.returncode != 0
        assert "(orders.E001)" in warned.stderr
        assert "(backend.W001)" in warned.stderr

    def test_warns_of_what_is_as_in_development(self) -> None:
        unset = {
            "EMAIL_URL": "W011",
            "STORE_FRONTEND_URL": "W012",
            "STORE_NAME": "W013",
            "DEFAULT_FROM_EMAIL": "W014",
            "REDIS_URL": "W015",
        }
        warned = deploy_check(**dict.fromkeys(unset, ""))
        assert warned.returncode != 0
        assert set(re.findall(r"\(backend\.(\w+)\)", warned.stderr)) == set(unset.values())
        assert all(name in warned.stderr for name in unset)

    def test_one_worker_needs_no_shared_counts(self) -> None:
        assert deploy_check(REDIS_URL="", GRANIAN_WORKERS="1").returncode == 0

    def test_warns_of_a_slip_in_a_name(self) -> None:
        warned = deploy_check(STORE_FRONTEND_ULR="https://shop.example")
        assert "(backend.W010) STORE_FRONTEND_ULR" in warned.stderr
        assert "Did you mean STORE_FRONTEND_URL?" in warned.stderr


class TestCheckLanguagesAreTranslated:
    def test_a_language_without_a_catalogue(self, settings: Settings, tmp_path: Path) -> None:
        settings.STORE_LANGUAGES, settings.STORE_LOCALE = ["en-gb", "de", "de-at", "fr"], str(tmp_path)
        [warning] = check_languages_are_translated()
        assert (warning.id, "fr" in warning.msg) == ("backend.W017", True)
        call_command("messages", add="fr")
        assert not check_languages_are_translated()


class TestCheckOriginsAreNamed:
    def test_named_ones(self, settings: Settings) -> None:
        settings.STORE_ORIGINS = ["https://shop.example"]
        assert "backend.E001" not in ids("security")

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("CORS_ALLOW_ALL_ORIGINS", True),
            ("CORS_ALLOWED_ORIGIN_REGEXES", [r"https://.*\.example"]),
            ("STORE_ORIGINS", ["https://*.shop.example"]),
        ],
    )
    def test_patterns(self, settings: Settings, name: str, value: object) -> None:
        setattr(settings, name, value)
        assert "backend.E001" in ids("security")
        settings.CORS_ALLOW_CREDENTIALS = False
        assert "backend.E001" not in ids("security")


class TestCheckKeeperHasRedis:
    @pytest.mark.parametrize(
        ("keeper", "url", "found"), [("redis", "", True), ("redis", "redis://a", False), ("file", "", False)]
    )
    def test_named(self, settings: Settings, keeper: str, url: str, found: bool) -> None:
        settings.STORE_ANSWER_KEEPER, settings.REDIS_URL = keeper, url
        assert ("backend.E011" in ids("security")) is found


class TestCheckRenderersSecretIsLong:
    @pytest.mark.parametrize(("length", "found"), [(0, False), (31, True), (32, False)])
    def test_length(self, settings: Settings, length: int, found: bool) -> None:
        settings.STORE_RENDERER_SECRET = "s" * length
        assert ("backend.E012" in ids("security")) is found


class TestCheckCookiesOfOtherSitesAreSecure:
    @pytest.mark.parametrize(
        ("same_site", "secure", "found"),
        [("None", False, True), ("None", True, False), ("Lax", False, False)],
    )
    def test_same_site(self, settings: Settings, same_site: str, secure: bool, found: bool) -> None:
        settings.SESSION_COOKIE_SAMESITE, settings.SESSION_COOKIE_SECURE = same_site, secure
        assert ("backend.E002" in ids("security")) is found


class TestCheckWebhooksAreSigned:
    @pytest.mark.parametrize(
        ("debug", "key", "secrets", "found"),
        [
            (False, "sk_live_1", [], True),
            (False, "sk_live_1", ["whsec_development"], True),
            (False, "sk_live_1", ["whsec_of_the_endpoint"], False),
            (True, "sk_test_1", [], True),
            (True, "sk_test_1", ["whsec_development"], False),
            (True, "", [], False),
        ],
    )
    def test_secrets(
        self, settings: Settings, debug: bool, key: str, secrets: list[str], found: bool
    ) -> None:
        settings.STRIPE_FAKE_ALLOWED, settings.STRIPE_SECRET_KEY = debug, key
        settings.STRIPE_WEBHOOK_SECRETS = secrets
        assert ("orders.E002" in ids("payments")) is found

    @pytest.mark.parametrize(
        ("invoices", "found"),
        [("INV-", False), ("", False), ("CN-", True), ("x" * 20, False), ("x" * 21, True)],
    )
    def test_numbers_of_documents(self, settings: Settings, invoices: str, found: bool) -> None:
        settings.STORE_INVOICE_PREFIX = invoices
        assert ("orders.E003" in ids("documents")) is found


class TestCheckForwardedHeaders:
    @pytest.mark.parametrize(
        ("proxies", "header", "found"),
        [(0, "", False), (0, "Storeclient", False), (1, "", True), (1, "Storeclient", False)],
    )
    def test_one_is_named_where_proxies_are_trusted(
        self, settings: Settings, proxies: int, header: str, found: bool
    ) -> None:
        settings.STORE_TRUSTED_PROXIES, settings.STORE_CLIENT_HEADER = proxies, header
        assert ("backend.E010" in ids("security")) is found

    @pytest.mark.slow
    @pytest.mark.parametrize(
        ("variables", "found"),
        [
            ({}, False),
            ({"BEHIND_PROXY": "true"}, True),
            ({"BEHIND_PROXY": "true", "STORE_SCHEME_HEADER": "Storescheme"}, False),
            ({"STORE_TRUSTED_PROXIES": "1", "STORE_CLIENT_HEADER": "Storeclient"}, False),
            ({"STORE_TRUSTED_PROXIES": "1", "STORE_CLIENT_HEADER": "X-Forwarded-For"}, True),
            ({"STORE_CLIENT_HEADER": "X-Forwarded-For"}, False),
        ],
    )
    def test_none_has_a_second_spelling(self, variables: dict[str, str], found: bool) -> None:
        assert ("(backend.W016)" in deploy_check(**variables).stderr) is found
