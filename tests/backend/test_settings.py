"""The settings as a deployment meets them."""

import ast
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import yaml
from django.conf import settings
from django.core import checks
from django.core.exceptions import ImproperlyConfigured
from django.db import close_old_connections, connection
from pytest_django import Settings

from orders.payments.gateway import client, is_fake_in_use
from tests.conftest import GraphQLClient

ROOT: Path = settings.BASE_DIR
# Reads the settings, without a developer's own .env.
READ = (
    "import environ; environ.Env.read_env = lambda *_: None; from backend import settings; print(settings.{})"
)
# The same for many values, each with its setting and its variable.
READ_EACH = """
import environ, json, os, runpy, sys
environ.Env.read_env = lambda *_: None
for setting, name, value in json.loads(sys.argv[1]):
    before = dict(os.environ)
    os.environ[name] = value
    try:
        print(repr(eval(setting, runpy.run_path("backend/settings.py"))))
    except Exception as error:
        print(type(error).__name__, error, sep=": ")
    os.environ.clear()
    os.environ.update(before)
"""
TRACING = ("sentry-trace", "baggage", "traceparent", "tracestate")
# The password of the database that compose.yaml makes, and what its server reads itself.
COMPOSE_ALONE = {"GRANIAN_WORKERS", "POSTGRES_PASSWORD"}
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))


def read_setting(name: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Print a setting in a process of its own, whose environment has these variables alone."""
    environment = {"PATH": os.environ["PATH"], **variables}
    script = [sys.executable, "-c", READ.format(name)]
    return subprocess.run(script, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


def variables_read() -> set[str]:
    """Return the names of all variables that settings.py reads."""
    calls = (
        node
        for node in ast.walk(ast.parse((ROOT / "backend/settings.py").read_text("utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    )
    return {
        call.args[0].value
        for call in calls
        if re.fullmatch(r"env\.\w+", ast.unparse(call.func))
        and call.args
        and isinstance(call.args[0], ast.Constant)
        and isinstance(call.args[0].value, str)
    }


class TestEnvExample:
    def test_explains_every_variable_and_no_other(self) -> None:
        example = (ROOT / ".env.example").read_text("utf-8")
        explained = re.findall(r"^#?([A-Z_]+)=", example, re.MULTILINE)
        assert len(explained) == len(set(explained))
        assert set(explained) == variables_read() | COMPOSE_ALONE
        assert "SECRET_KEY" in explained

    def test_each_variable_has_its_type(self) -> None:
        example = (ROOT / ".env.example").read_text("utf-8")
        variables = [
            block for block in example.split("\n\n") if re.search(r"^#[A-Z_]+=", block, re.MULTILINE)
        ]
        assert len(variables) == len(variables_read() | COMPOSE_ALONE)
        for variable in variables:
            assert re.match(r"# (bool|int|list|path|string|URL)\. \S", variable), variable

    def test_copied_as_it_is_changes_nothing(self) -> None:
        lines = (ROOT / ".env.example").read_text("utf-8").splitlines()
        assert all(line.startswith("#") for line in lines if line)


class TestCompose:
    def test_passes_all_of_the_environment_file_on(self) -> None:
        services = [service for service in COMPOSE["services"].values() if "build" in service]
        assert len(services) == 3
        for service in services:
            assert service["env_file"] == ".env"
            assert set(service["environment"]) <= variables_read()

    def test_demands_what_production_cannot_do_without(self) -> None:
        text = (ROOT / "compose.yaml").read_text("utf-8")
        used = set(re.findall(r"\$\{([A-Z_]+)", text))
        demanded = set(re.findall(r"\$\{([A-Z_]+):\?\}", text))
        assert used <= variables_read() | COMPOSE_ALONE
        assert demanded == {
            *("ALLOWED_HOSTS", "POSTGRES_PASSWORD", "SECRET_KEY", "STORE_FRONTEND_URL"),
            *("STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRETS"),
        }


WRONG = [
    ("DEBUG", "ture"),
    ("STORE_ORDER_EXPIRY", "30m"),
    ("STORE_ORDER_EXPIRY", "-1"),
    ("STORE_MAX_COST", "-1"),
    ("STORE_MAX_COST", "1e4"),
    ("SECURE_HSTS_SECONDS", "-1"),
    ("PASSWORD_RESET_TIMEOUT", "24h"),
    ("STORE_ORIGINS", "shop.example"),
    ("STORE_ORIGINS", "https://shop.example/cart"),
    ("STORE_FRONTEND_URL", "shop.example"),
    ("STRIPE_WEBHOOK_URL", "127.0.0.1:8000"),
    ("STORE_CURRENCY", "EURO"),
    ("STORE_SEARCH_LANGUAGES", "en, german"),
    ("COOKIE_SAMESITE", "Laxe"),
    ("LOG_LEVEL", "verbose"),
    ("TIME_ZONE", "Europe/Berlni"),
    ("LANGUAGE_CODE", "xx"),
    ("DATABASE_URL", "postgres://store:password@host/db?ssl=true"),
    ("DATABASE_URL", "postgres://store:password@host/db?sslmode"),
    ("DATABASE_URL", "postgres://store:password@host/db?sslmode=require&sslmode=disable"),
    ("DATABASE_URL", "postgres://store:password@host/db#sslmode=require"),
    ("DATABASE_URL", "postgres://store:password@host:port/db"),
    ("DATABASE_URL", "mysql://store:password@host/db"),
    ("DATABASE_URL", "sqlite://db.sqlite3"),
    ("DATABASE_URL", "sqlite:///db.sqlite3?mode=ro"),
    ("DATABASE_URL", "sqlite:///db.sqlite3?timeout=long"),
    ("REDIS_URL", "redis://:secret@host/0?sockettimeout=1"),
    ("REDIS_URL", "redis://:secret@host/0?socket_timeout=long"),
    ("REDIS_URL", "http://:secret@host"),
    ("EMAIL_URL", "smtp://store:password@host?tls=true"),
    ("EMAIL_URL", "smtp://store:password@host?timeout=long"),
    ("EMAIL_URL", "mail://store:password@host"),
]
RIGHT = [
    ("ALLOWED_HOSTS", "ALLOWED_HOSTS", " a.example, b.example ,", ["a.example", "b.example"]),
    ("CORS_ALLOWED_ORIGINS", "STORE_ORIGINS", "https://a.example/", ["https://a.example"]),
    ("SECRET_KEY", "SECRET_KEY", "$ABC$", "$ABC$"),
    ("STORE_MAX_COST", "STORE_MAX_COST", " ", 15_000),
    ("TIME_ZONE", "TIME_ZONE", "europe/berlin", "Europe/Berlin"),
    ("LANGUAGE_CODE", "LANGUAGE_CODE", "de", "de"),
    ("STORE_CURRENCY", "STORE_CURRENCY", "eur", "EUR"),
    ("STORE_SEARCH_LANGUAGES", "STORE_SEARCH_LANGUAGES", "DE, en, de", ["de", "en"]),
    ("CORS_ALLOW_HEADERS[-6:]", "STORE_CORS_HEADERS", "x-a, x-b", (*TRACING, "x-a", "x-b")),
    ("EMAIL_TIMEOUT", "EMAIL_URL", "smtp://mail.example", 10),
    ("EMAIL_TIMEOUT", "EMAIL_URL", "smtp://mail.example?timeout=3", 3),
    ("STORE_ANSWER_WITHIN", "STORE_ANSWER_WITHIN", "250", 0.25),
    ("EMAIL_PORT", "EMAIL_URL", "smtp+tls://mail.example", 587),
]


@pytest.fixture(scope="module")
def read() -> dict[tuple[str, str], str]:
    """The setting, or the reason for its refusal, for each variable and value; read in one process."""
    cases = [("DEBUG", name, value) for name, value in WRONG] + [case[:3] for case in RIGHT]
    script = [sys.executable, "-c", READ_EACH, json.dumps(cases)]
    environment = {"PATH": os.environ["PATH"], "SECRET_KEY": "long and random", "PYTHONPATH": str(ROOT)}
    printed = subprocess.run(script, cwd=ROOT, env=environment, capture_output=True, check=True, text=True)
    return {case[1:]: line for case, line in zip(cases, printed.stdout.splitlines(), strict=True)}


class TestTypes:
    """A value of the wrong type, unit or range stops the start with the setting's name, and no password is shown."""

    @pytest.mark.parametrize(("name", "value"), WRONG)
    def test_wrong(self, read: dict[tuple[str, str], str], name: str, value: str) -> None:
        message = read[name, value]
        assert message.startswith("ImproperlyConfigured: ")
        assert name in message
        assert "secret" not in message
        assert "password@" not in message

    @pytest.mark.parametrize(("setting", "name", "value", "expected"), RIGHT)
    def test_right(
        self, read: dict[tuple[str, str], str], setting: str, name: str, value: str, expected: object
    ) -> None:
        assert ast.literal_eval(read[name, value]) == expected, setting


class TestSecretKey:
    def test_is_required(self) -> None:
        refused = read_setting("SECRET_KEY")
        assert refused.returncode != 0
        assert "Set the SECRET_KEY environment variable" in refused.stderr

    def test_of_ones_own(self) -> None:
        assert read_setting("SECRET_KEY", SECRET_KEY="long and random").stdout == "long and random\n"

    def test_has_a_default_in_development(self) -> None:
        assert read_setting("SECRET_KEY", DEBUG="true").returncode == 0


class TestDatabase:
    @pytest.mark.parametrize(("debug", "seconds"), [("true", 0), ("false", None)])
    def test_a_connection_outlives_its_request_in_production(self, debug: str, seconds: int | None) -> None:
        shown = read_setting(
            "DATABASES['default']['CONN_MAX_AGE']", DEBUG=debug, SECRET_KEY="long and random"
        )
        assert shown.stdout == f"{seconds}\n"

    def test_the_options_of_its_url_are_kept(self) -> None:
        url = (
            "postgres://store@h/store?sslmode=verify-full&sslrootcert=%2Fca.pem&options=-c%20lock_timeout%3D9"
        )
        for pooler, options in (("false", "-c jit=off -c lock_timeout=9"), ("true", "-c lock_timeout=9")):
            shown = read_setting(
                "DATABASES['default']['OPTIONS']", DEBUG="true", DATABASE_URL=url, DATABASE_POOLER=pooler
            )
            kept = ast.literal_eval(shown.stdout)
            assert (kept["sslmode"], kept["sslrootcert"]) == ("verify-full", "/ca.pem")
            assert kept["options"] == options

    @pytest.mark.parametrize("pooler", ["false", "true"])
    def test_a_server_that_is_cut_off_is_given_up_unless_the_url_is_more_patient(self, pooler: str) -> None:
        variables = {
            "DEBUG": "true",
            "DATABASE_URL": "postgres://store@h/store?tcp_user_timeout=60000",
            "DATABASE_POOLER": pooler,
        }
        options = ast.literal_eval(read_setting("DATABASES['default']['OPTIONS']", **variables).stdout)
        assert (options["connect_timeout"], options["tcp_user_timeout"]) == (5, "60000")
        assert options["keepalives_idle"] == 5

    def test_the_timeout_of_sqlite_and_what_the_store_needs(self) -> None:
        shown = read_setting(
            "DATABASES['default']['OPTIONS']", DEBUG="true", DATABASE_URL="sqlite:///x.sqlite3?timeout=5"
        )
        options = ast.literal_eval(shown.stdout)
        assert (options["timeout"], options["transaction_mode"]) == (5.0, "IMMEDIATE")

    @pytest.mark.django_db
    @pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite's statements are compiled at once")
    def test_a_repeated_statement_is_prepared(self) -> None:
        with connection.cursor() as cursor:
            for number in range(10):
                cursor.execute("SELECT %s::int + 1", [number])
            cursor.execute("SELECT COUNT(*) FROM pg_prepared_statements WHERE statement LIKE '%%::int + 1'")
            assert cursor.fetchone() == (1,)

    @pytest.mark.django_db(transaction=True)
    @pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no server that could go")
    def test_a_lost_connection_fails_no_request(
        self, api: GraphQLClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setitem(connection.settings_dict, "CONN_MAX_AGE", None)  # as in production
        connection.close()

        def request() -> int:
            close_old_connections()  # the test client keeps this signal's receiver off
            return api.get("/healthz").status_code

        assert request() == 200
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            [backend] = cursor.fetchone()
        other = connection.copy()
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s)", [backend])
        other.close()
        assert [request(), request()] == [200, 200]

    @pytest.mark.parametrize(("pooler", "prepares"), [("false", True), ("true", False)])
    def test_nothing_is_prepared_behind_a_pooler(self, pooler: str, prepares: bool) -> None:
        variables = {
            "DEBUG": "true",
            "DATABASE_URL": "postgres://store@localhost/store",
            "DATABASE_POOLER": pooler,
        }
        shown = read_setting("DATABASES['default']", **variables)
        config = ast.literal_eval(shown.stdout)
        # By default Django prepares no statements.
        assert ("prepare_threshold" in config["OPTIONS"]) is prepares
        assert config["DISABLE_SERVER_SIDE_CURSORS"] is not prepares


class TestReplicas:
    def test_each_url_is_a_database_that_gives_up(self) -> None:
        urls = "postgres://store@one/store,postgres://store@two/store?connect_timeout=9"
        variables = {
            "DEBUG": "true",
            "DATABASE_URL": "postgres://store@db/store",
            "DATABASE_REPLICA_URLS": urls,
        }
        one, two = ast.literal_eval(read_setting("REPLICAS", **variables).stdout).values()
        assert [config["ENGINE"] for config in (one, two)] == ["packages.replicas.postgresql"] * 2
        assert [config["HOST"] for config in (one, two)] == ["one", "two"]
        assert [config["OPTIONS"]["connect_timeout"] for config in (one, two)] == [2, "9"]

    def test_sqlite_has_none(self) -> None:
        shown = read_setting("REPLICAS", DEBUG="true", DATABASE_REPLICA_URLS="sqlite:///copy.sqlite3")
        assert "DATABASE_REPLICA_URLS must begin with postgres://." in shown.stderr


class TestMedia:
    def test_a_bucket_takes_the_place_of_the_folder(self) -> None:
        variables = {
            "DEBUG": "true",
            "MEDIA_STORAGE": f"s3://key:{quote('a/b', safe='')}@pictures/shop?region_name=eu-central-1",
            "MEDIA_URL": "https://cdn.example.com/shop",
        }
        storage = ast.literal_eval(read_setting("STORAGES", **variables).stdout)["default"]
        assert storage == {
            "BACKEND": "core.media.Bucket",
            "OPTIONS": {
                "bucket_name": "pictures",
                "location": "shop",
                "access_key": "key",
                "secret_key": "a/b",
                "region_name": "eu-central-1",
                "public_url": "https://cdn.example.com/shop/",
            },
        }

    @pytest.mark.parametrize(
        ("url", "media_url", "reason"),
        [
            ("s3://pictures", "/media/", "MEDIA_STORAGE needs MEDIA_URL"),
            ("gs://pictures", "https://cdn.example.com/", "MEDIA_STORAGE must begin with s3://"),
            ("s3://pictures?colour=red", "https://cdn.example.com/", "colour"),
        ],
    )
    def test_what_is_refused(self, url: str, media_url: str, reason: str) -> None:
        shown = read_setting("STORAGES", DEBUG="true", MEDIA_STORAGE=url, MEDIA_URL=media_url)
        assert reason in shown.stderr


class TestProxies:
    @pytest.mark.parametrize(
        ("variables", "expected"),
        [
            ({}, None),
            ({"BEHIND_PROXY": "true"}, ("HTTP_X_FORWARDED_PROTO", "https")),
            ({"BEHIND_PROXY": "true", "STORE_SCHEME_HEADER": "Storescheme"}, ("HTTP_STORESCHEME", "https")),
            ({"STORE_SCHEME_HEADER": "Storescheme"}, None),
        ],
    )
    def test_the_scheme_is_taken_from_the_named_header(
        self, variables: dict[str, str], expected: tuple[str, str] | None
    ) -> None:
        shown = read_setting("__dict__.get('SECURE_PROXY_SSL_HEADER')", SECRET_KEY="x", **variables)
        assert shown.stdout == f"{expected}\n"

    def test_no_address_is_taken_from_a_header_that_is_not_named(self) -> None:
        assert read_setting("STORE_CLIENT_HEADER", SECRET_KEY="x", STORE_TRUSTED_PROXIES="1").stdout == "\n"


class TestGraphiql:
    @pytest.mark.slow
    def test_is_for_development_unless_told_otherwise(self) -> None:
        for variables, served in (
            ({"DEBUG": "true"}, True),
            ({}, False),
            ({"STORE_GRAPHIQL": "true"}, True),
            ({"DEBUG": "true", "STORE_GRAPHIQL": "false"}, False),
        ):
            printed = read_setting("STORE_GRAPHIQL", SECRET_KEY="long and random", **variables).stdout
            assert printed == f"{served}\n"


class TestMail:
    @pytest.mark.parametrize(
        ("url", "timeout"),
        [("smtp://mail.example:25", "10"), ("smtp+tls://user:password@mail.example:587?timeout=5", "5")],
    )
    def test_a_silent_server_is_given_up(self, url: str, timeout: str) -> None:
        assert read_setting("EMAIL_TIMEOUT", SECRET_KEY="x", EMAIL_URL=url).stdout == f"{timeout}\n"

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ("timeout=soon", "timeout in EMAIL_URL must be a number of seconds, 1 or more, not 'soon'."),
            ("timeout=0", "timeout in EMAIL_URL must be a number of seconds, 1 or more, not '0'."),
            ("use_localtime=2", "use_localtime in EMAIL_URL must be true or false, not '2'."),
            ("time_out=5", "EMAIL_URL has an unknown parameter: time_out."),
        ],
    )
    def test_an_option_that_is_not_understood_is_refused(self, options: str, message: str) -> None:
        refused = read_setting("EMAIL_TIMEOUT", SECRET_KEY="x", EMAIL_URL=f"smtp://mail.example:25?{options}")
        assert refused.returncode == 1
        assert f"ImproperlyConfigured: {message}" in refused.stderr

    def test_how_many_to_one_recipient(self) -> None:
        assert read_setting("STORE_MAILS_PER_HOUR", SECRET_KEY="x").stdout == "5\n"


class TestStripeFake:
    def test_is_in_use_in_development_without_a_key(self, settings: Settings) -> None:
        assert is_fake_in_use()
        assert client().v1.payment_intents.list().data == []
        settings.STRIPE_SECRET_KEY = "sk_test_of_an_account"
        assert not is_fake_in_use()

    def test_is_refused_when_debug_is_off(self, settings: Settings) -> None:
        settings.STRIPE_FAKE_ALLOWED = False
        with pytest.raises(ImproperlyConfigured, match="STRIPE_SECRET_KEY"):
            client()

    def test_is_allowed_by_debug_alone(self) -> None:
        assert read_setting("STRIPE_FAKE_ALLOWED", DEBUG="true").stdout == "True\n"
        assert read_setting("STRIPE_FAKE_ALLOWED", SECRET_KEY="x").stdout == "False\n"


class TestCheckPaymentsAreReal:
    @pytest.mark.parametrize(
        ("allowed", "key", "ids"),
        [(True, "", []), (True, "sk_test_1", []), (False, "sk_live_1", []), (False, "", ["orders.E001"])],
    )
    def test_fake_outside_development(
        self, settings: Settings, allowed: bool, key: str, ids: list[str]
    ) -> None:
        settings.STRIPE_FAKE_ALLOWED, settings.STRIPE_SECRET_KEY = allowed, key
        settings.STRIPE_WEBHOOK_SECRETS = ["whsec_of_the_endpoint"]
        assert [error.id for error in checks.run_checks(tags=["payments"])] == ids
