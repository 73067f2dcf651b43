"""Typed settings from the environment. A value of the wrong type is refused with the setting's name."""

import difflib
import os
import re
from collections.abc import Callable, Collection
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit
from zoneinfo import available_timezones

import environ
import psycopg
import redis
from django.core.exceptions import ImproperlyConfigured
from psycopg.conninfo import make_conninfo

TRUE, FALSE = ("true", "on", "yes", "y", "ok", "1"), ("false", "off", "no", "n", "0")
ORIGIN = re.compile(r"https?://[^/\s]+")
COLOUR = re.compile("#[0-9a-fA-F]{6}")
# A variable with one of these prefixes is the store's. If no setting has its name, the name is misspelled.
OWN_PREFIXES = ("STORE_", "STRIPE_")
SQLITE, POSTGRESQL = "django.db.backends.sqlite3", "django.db.backends.postgresql"
MAIL_PORTS = {"smtp": 25, "smtp+tls": 587, "smtps": 587, "smtp+ssl": 465}
S3_OPTIONS = ("addressing_style", "endpoint_url", "region_name")
# Each parameter's parser, and what it expects.
MAIL_OPTIONS: dict[str, tuple[Callable[[str], object], str]] = {
    "timeout": (lambda text: parse_positive(text), "a number of seconds, 1 or more"),
    "use_localtime": (lambda text: parse_bool(text), "true or false"),
    "ssl_certfile": (str, "a path"),
    "ssl_keyfile": (str, "a path"),
}


class Environment:
    """The environment's variables. `names` are the names that settings have read. A blank value counts as not set."""

    def __init__(self) -> None:
        self.names: set[str] = set()

    def read(self, name: str) -> str:
        self.names.add(name)
        return os.environ.get(name, "").strip()

    def path(self, name: str, *, default: object) -> str:
        return os.path.abspath(os.path.expanduser(self.str(name, default=str(default))))

    def choice(self, name: str, *, default: str, choices: Collection[str]) -> str:
        """Read one of the choices, in any case."""
        return choose(name, self.read(name) or default, choices)

    def choices(self, name: str, *, default: Collection[str], choices: Collection[str]) -> list[str]:
        """Read a list of choices, each in any case and once."""
        return list(dict.fromkeys(choose(name, text, choices) for text in self.list(name, default=default)))

    def colour(self, name: str, *, default: str) -> str:
        text = self.str(name, default=default)
        if not COLOUR.fullmatch(text):
            raise wrong(name, "a colour like #1f2937", text)
        return text

    def time_zone(self, name: str, *, default: str) -> str:
        return self.choice(name, default=default, choices=sorted(available_timezones()))

    def origins(self, name: str, *, default: Collection[str]) -> list[str]:
        """Read a list of origins, each `scheme://host:port` as browsers send it, without a trailing slash."""
        found = [origin.removesuffix("/") for origin in self.list(name, default=default)]
        for origin in found:
            if not ORIGIN.fullmatch(origin) and origin != "*":  # a system check refuses "*"
                raise wrong(name, "a list of origins like https://shop.example", origin)
        return found

    def url(self, name: str, *, default: str) -> str:
        """Read the HTTP address of a page."""
        text = self.str(name, default=default)
        if text and not ORIGIN.match(text):
            raise wrong(name, "an address that begins with https:// or http://", text)
        return text

    # ── URLs of services: messages do not repeat them, as they hold passwords ─

    def database_url(self, name: str, *, default: str) -> dict[str, Any]:
        """Read a database's URL as an entry of DATABASES, with the URL's parameters in OPTIONS."""
        return database_config(name, self.str(name, default=default))

    def database_urls(self, name: str) -> list[dict[str, Any]]:
        """Read the URLs of several databases, separated by commas."""
        return [database_config(name, url) for url in self.list(name)]

    def bucket_url(self, name: str) -> dict[str, Any]:
        """Read the URL of an S3 bucket as options of its storage; empty if it is not set."""
        url = self.read(name)
        return s3_options(name, url) if url else {}

    def redis_url(self, name: str) -> str:
        """Read a URL of Redis, whose parameters redis-py must know; empty if it is not set."""
        url = self.read(name)
        if url:
            parameters_of(url, name)
            try:
                redis.ConnectionPool.from_url(url).make_connection()
            except ValueError:
                raise ImproperlyConfigured(
                    f"{name} must begin with redis://, rediss:// or unix://, with parameters of the right type."
                ) from None
            except TypeError as error:  # a parameter that no connection takes
                unknown = str(error).rpartition(" ")[2].strip("'")
                raise not_understood(name, unknown) from None
        return url

    def email_url(self, name: str, *, default: str, timeout: int) -> dict[str, Any]:
        """Read a URL of a mail server as Django's settings. The URL's own timeout overrides `timeout`, in seconds."""
        url = self.str(name, default=default)
        parameters = parameters_of(url, name)
        refuse_unknown(name, parameters, known=MAIL_OPTIONS)
        if urlsplit(url).scheme not in environ.Env.EMAIL_SCHEMES:
            raise ImproperlyConfigured(f"{name} must begin with smtp://, smtp+tls:// or smtp+ssl://.")
        config: dict[str, Any] = environ.Env.email_url_config(url.partition("?")[0])
        given = {f"EMAIL_{key.upper()}": mail_option(name, key, text) for key, text in parameters.items()}
        config["EMAIL_PORT"] = config["EMAIL_PORT"] or MAIL_PORTS.get(urlsplit(url).scheme)
        return {**config, "EMAIL_TIMEOUT": timeout, **given}

    def unknown_names(self) -> dict[str, list[str]]:
        """Return the variables with the store's prefixes that no setting reads, each with the most similar name."""
        found = {name for name in os.environ if name.startswith(OWN_PREFIXES)} - self.names
        return {name: difflib.get_close_matches(name, self.names, n=1) for name in sorted(found)}

    # The methods named after types come last: below them, these names no longer mean the types.

    def bool(self, name: str, *, default: bool) -> bool:
        text = self.read(name)
        try:
            return parse_bool(text) if text else default
        except ValueError as error:
            raise wrong(name, "true or false", text) from error

    def list(self, name: str, *, default: Collection[str] = ()) -> list[str]:
        text = self.read(name)
        return [item.strip() for item in text.split(",") if item.strip()] if text else list(default)

    def int(self, name: str, *, default: int, at_least: int = 0) -> int:
        text = self.read(name)
        try:
            number = int(text) if text else default
        except ValueError as error:
            raise wrong(name, "a whole number, without a unit", text) from error
        if number < at_least:
            raise wrong(name, f"{at_least} or more", text)
        return number

    def str(self, name: str, *, default: str | None = None) -> str:
        text = self.read(name)
        if text or default is not None:
            return text or str(default)
        raise ImproperlyConfigured(f"Set the {name} environment variable.")


def parse_bool(text: str) -> bool:
    if text.lower() not in (*TRUE, *FALSE):
        raise ValueError(text)
    return text.lower() in TRUE


def parse_positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError(text)
    return number


def choose(name: str, text: str, choices: Collection[str]) -> str:
    for choice in choices:
        if choice.lower() == text.lower():
            return choice
    close = difflib.get_close_matches(text, choices, n=3)
    raise wrong(name, " or ".join(close or list(choices)[:5]), text)


def wrong(name: str, expected: str, text: str) -> ImproperlyConfigured:
    return ImproperlyConfigured(f"{name} must be {expected}, not {text!r}.")


def database_config(name: str, url: str) -> dict[str, Any]:
    if url == "sqlite://:memory:":
        return {"ENGINE": SQLITE, "NAME": ":memory:", "OPTIONS": {}}
    parameters = parameters_of(url, name)
    if urlsplit(url).scheme == "sqlite" and urlsplit(url).netloc:
        raise ImproperlyConfigured(f"{name} needs three slashes before a file's name: sqlite:///db.sqlite3")
    config: dict[str, Any] = environ.Env.db_url_config(url.partition("?")[0])
    match config["ENGINE"]:
        case engine if engine == SQLITE:
            refuse_unknown(name, parameters, known={"timeout"})
            config["OPTIONS"] = {key: seconds(name, key, text) for key, text in parameters.items()}
        case engine if engine == POSTGRESQL:
            refuse_unknown(name, parameters, known=libpq_parameters(parameters))
            config["OPTIONS"] = dict(parameters)
        case _:
            raise ImproperlyConfigured(f"{name} must begin with sqlite:/// or postgres://.")
    return config


def s3_options(name: str, url: str) -> dict[str, Any]:
    """Return the options of `storages.backends.s3` for a URL like s3://key:password@bucket/folder?region_name=eu-central-1.

    Without a key in the URL, boto3 finds it where AWS's own tools do.
    """
    parts = urlsplit(url)
    if parts.scheme != "s3" or not parts.hostname:
        raise ImproperlyConfigured(f"{name} must begin with s3://, and name a bucket.")
    parameters = parameters_of(url, name)
    refuse_unknown(name, parameters, known=S3_OPTIONS)
    key = (
        {"access_key": unquote(parts.username), "secret_key": unquote(parts.password or "")}
        if parts.username
        else {}
    )
    return {"bucket_name": parts.hostname, "location": parts.path.strip("/"), **key, **parameters}


def parameters_of(url: str, name: str) -> dict[str, str]:
    """Return the parameters of the URL's query.

    Raises:
        ImproperlyConfigured: the URL is malformed.
    """
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        raise ImproperlyConfigured(f"{name} is not a valid URL: its host or its port is malformed.") from None
    try:
        pairs = parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query))
    except ValueError:
        raise ImproperlyConfigured(f"{name} is not a valid URL: its parameters are malformed.") from None
    if parts.fragment:
        raise ImproperlyConfigured(
            f"{name} has a #: options stand behind a ?, and a # in a password is written %23."
        )
    parameters = dict(pairs)
    if len(parameters) < len(pairs) or "" in parameters.values():
        raise ImproperlyConfigured(f"{name} has a duplicate parameter, or one without a value.")
    return parameters


def refuse_unknown(name: str, parameters: Collection[str], *, known: Collection[str]) -> None:
    unknown = sorted(set(parameters) - set(known))
    if unknown:
        raise not_understood(name, *unknown)


def not_understood(name: str, *unknown: str) -> ImproperlyConfigured:
    return ImproperlyConfigured(f"{name} has an unknown parameter: {', '.join(unknown)}.")


def mail_option(name: str, key: str, text: str) -> object:
    parse, expected = MAIL_OPTIONS[key]
    try:
        return parse(text)
    except ValueError as error:
        raise wrong(f"{key} in {name}", expected, text) from error


def libpq_parameters(keys: Collection[str]) -> set[str]:
    """Return the keys that libpq knows, except the database's name, which is the URL's path."""
    known = set()
    for key in keys:
        with suppress(psycopg.ProgrammingError):
            make_conninfo("", **{key: "1"})
            known.add(key)
    return known - {"dbname"}


def seconds(name: str, key: str, text: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise wrong(f"{key} in {name}", "a number of seconds", text) from error
