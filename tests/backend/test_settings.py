"""The settings as a deployment meets them."""

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.core import checks
from django.core.exceptions import ImproperlyConfigured
from django.db import close_old_connections, connection
from pytest_django import Settings

from orders.payments.gateway import client, fake_in_use
from tests.conftest import GraphQLClient

ROOT: Path = settings.BASE_DIR
# As the settings are read, but for the developer's own .env.
READ = (
    "import environ; environ.Env.read_env = lambda *_: None; from backend import settings; print(settings.{})"
)


def read_setting(name: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Print a setting in a process of its own, whose environment has these variables alone."""
    environment = {"PATH": os.environ["PATH"], **variables}
    script = [sys.executable, "-c", READ.format(name)]
    return subprocess.run(script, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


def variables_read() -> set[str]:
    """The names of all that settings.py asks `env` for."""
    calls = (
        node
        for node in ast.walk(ast.parse((ROOT / "backend/settings.py").read_text("utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    )
    return {
        call.args[0].value
        for call in calls
        if ast.unparse(call.func).startswith("env.")
        and call.args
        and isinstance(call.args[0], ast.Constant)
        and isinstance(call.args[0].value, str)
    }


class TestEnvExample:
    def test_explains_every_variable_and_no_other(self) -> None:
        example = (ROOT / ".env.example").read_text("utf-8")
        explained = re.findall(r"^#?([A-Z_]+)=", example, re.MULTILINE)
        assert len(explained) == len(set(explained))
        assert set(explained) == variables_read()
        assert "SECRET_KEY" in explained

    def test_each_variable_has_its_type(self) -> None:
        example = (ROOT / ".env.example").read_text("utf-8")
        variables = [
            block for block in example.split("\n\n") if re.search(r"^#[A-Z_]+=", block, re.MULTILINE)
        ]
        assert len(variables) == len(variables_read())
        for variable in variables:
            assert re.match(r"# (bool|int|list|path|string|URL)\. \S", variable), variable

    def test_copied_as_it_is_changes_nothing(self) -> None:
        lines = (ROOT / ".env.example").read_text("utf-8").splitlines()
        assert all(line.startswith("#") for line in lines if line)


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
    def test_a_lost_connection_fails_one_request_alone(
        self, api: GraphQLClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setitem(connection.settings_dict, "CONN_MAX_AGE", None)  # as in production
        connection.close()

        def request() -> int:
            status: int = api.get("/healthz").status_code
            close_old_connections()  # the test client keeps this signal's receiver off
            return status

        assert request() == 200
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            [backend] = cursor.fetchone()
        other = connection.copy()
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s)", [backend])
        other.close()
        assert [request(), request()] == [503, 200]

    @pytest.mark.parametrize(("pooler", "prepares"), [("false", True), ("true", False)])
    def test_nothing_is_prepared_behind_a_pooler(self, pooler: str, prepares: bool) -> None:
        variables = {
            "DEBUG": "true",
            "DATABASE_URL": "postgres://store@localhost/store",
            "DATABASE_POOLER": pooler,
        }
        shown = read_setting("DATABASES['default']", **variables)
        config = ast.literal_eval(shown.stdout)
        # Django prepares nothing unless it is told to.
        assert ("prepare_threshold" in config["OPTIONS"]) is prepares
        assert config["DISABLE_SERVER_SIDE_CURSORS"] is not prepares


class TestGraphiql:
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

    @pytest.mark.parametrize("options", ["timeout=soon", "timeout=0", "time_out=5"])
    def test_an_option_that_is_not_understood_is_refused(self, options: str) -> None:
        refused = read_setting("EMAIL_TIMEOUT", SECRET_KEY="x", EMAIL_URL=f"smtp://mail.example:25?{options}")
        assert refused.returncode == 1
        assert "ImproperlyConfigured: EMAIL_URL" in refused.stderr

    def test_how_many_to_one_recipient(self) -> None:
        assert read_setting("STORE_MAILS_PER_HOUR", SECRET_KEY="x").stdout == "5\n"


class TestStripeFake:
    def test_is_in_use_in_development_without_a_key(self, settings: Settings) -> None:
        assert fake_in_use()
        assert client().v1.payment_intents.list().data == []
        settings.STRIPE_SECRET_KEY = "sk_test_of_an_account"
        assert not fake_in_use()

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
