"""System checks of settings: dangerous values, development's defaults in production, and misspelled names."""

import os
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register
from django.db import connection

from backend.messages import OURS, has_catalogue

# A secret of fewer characters could be guessed.
SHORTEST_SECRET = 32


@register("security")
def check_origins_are_named(**_: Any) -> list[CheckMessage]:
    """backend.E001: a wildcard lets any page use a shopper's cookies."""
    wildcard = settings.CORS_ALLOW_CREDENTIALS and (
        getattr(settings, "CORS_ALLOW_ALL_ORIGINS", False)
        or getattr(settings, "CORS_ALLOWED_ORIGIN_REGEXES", ())
        or any("*" in origin for origin in settings.STORE_ORIGINS)
    )
    if not wildcard:
        return []
    return [
        Error(
            "A pattern allows origins to send cookies.",
            hint="Name each front end in STORE_ORIGINS, as scheme://host:port.",
            id="backend.E001",
        )
    ]


@register("security")
def check_cookies_of_other_sites_are_secure(**_: Any) -> list[CheckMessage]:
    """backend.E002: browsers drop a cross-site cookie that is not limited to HTTPS."""
    if str(settings.SESSION_COOKIE_SAMESITE).lower() != "none" or settings.SESSION_COOKIE_SECURE:
        return []
    return [
        Error(
            "COOKIE_SAMESITE is None, but the session cookie is also sent over plain HTTP.",
            hint="Turn DEBUG off and serve the store over HTTPS, or use the default of COOKIE_SAMESITE.",
            id="backend.E002",
        )
    ]


@register("security", deploy=True)
def check_database_is_shared(**_: Any) -> list[CheckMessage]:
    """backend.W001: SQLite is a file on one machine, while Redis suggests processes on several."""
    if connection.vendor != "sqlite" or not settings.REDIS_URL:
        return []
    return [
        Warning(
            "REDIS_URL shares the cache, but the database is SQLite, a file on one machine.",
            hint="Set DATABASE_URL to a PostgreSQL server if the store runs on several machines.",
            id="backend.W001",
        )
    ]


@register("security")
def check_client_header_is_named(**_: Any) -> list[CheckMessage]:
    """backend.E010: proxies are trusted, but the header with the client's address is not named."""
    if not settings.STORE_TRUSTED_PROXIES or settings.STORE_CLIENT_HEADER:
        return []
    return [
        Error(
            "STORE_TRUSTED_PROXIES is set, but STORE_CLIENT_HEADER is not: all visitors count as one address.",
            hint="Set STORE_CLIENT_HEADER to the proxy's header, which is Storeclient with the files in deploy/.",
            id="backend.E010",
        )
    ]


@register("security")
def check_keeper_has_redis(**_: Any) -> list[CheckMessage]:
    """backend.E011: changes are announced in Redis, but no Redis is named."""
    if settings.STORE_ANSWER_KEEPER != "redis" or settings.REDIS_URL:
        return []
    return [
        Error(
            "STORE_ANSWER_KEEPER is redis, but REDIS_URL is not set.",
            hint="Set REDIS_URL, or keep the tokens in a file if the store runs on one machine.",
            id="backend.E011",
        )
    ]


@register("security", deploy=True)
def check_renderers_secret_is_long(**_: Any) -> list[CheckMessage]:
    """backend.E012: anyone who guesses the secret can claim any address, and so get past every limit."""
    if not settings.STORE_RENDERER_SECRET or len(settings.STORE_RENDERER_SECRET) >= SHORTEST_SECRET:
        return []
    return [
        Error(
            f"STORE_RENDERER_SECRET has fewer than {SHORTEST_SECRET} characters, so it could be guessed.",
            hint="Set it to the output of `openssl rand -hex 32`, here and in the rendering server.",
            id="backend.E012",
        )
    ]


@register("security", deploy=True)
def check_forwarded_headers_have_one_spelling(**_: Any) -> list[CheckMessage]:
    """backend.W016: a proxy that sets X-Forwarded-For may forward X_Forwarded_For too, and WSGI mixes them up."""
    trusted = {
        "STORE_CLIENT_HEADER": settings.STORE_CLIENT_HEADER if settings.STORE_TRUSTED_PROXIES else "",
        "STORE_SCHEME_HEADER": settings.STORE_SCHEME_HEADER if settings.SECURE_PROXY_SSL_HEADER else "",
    }
    return [
        Warning(
            f"{setting} is {header}, which a client can forge by writing underscores instead of dashes.",
            hint="Let the proxy set a header without dashes, as the files in deploy/ do, or make sure that it drops "
            "headers with underscores, as nginx does by default.",
            id="backend.W016",
        )
        for setting, header in trusted.items()
        if "-" in header or "_" in header
    ]


@register()
def check_names_are_known(**_: Any) -> list[CheckMessage]:
    """backend.W010: a variable with a misspelled name has no effect."""
    return [
        Warning(
            f"{name} is in the environment, but no setting has this name.",
            hint=f"Did you mean {close[0]}?" if close else "Remove it. The names are in .env.example.",
            id="backend.W010",
        )
        for name, close in settings.ENVIRONMENT.unknown_names().items()
    ]


@register("security", deploy=True)
def check_mail_is_sent(**_: Any) -> list[CheckMessage]:
    """backend.W011: development's mail backend sends no mail."""
    if settings.EMAIL_BACKEND != "django.core.mail.backends.console.EmailBackend":
        return []
    return [
        Warning(
            "Mail is printed to the console, so customers get none.",
            hint="Set EMAIL_URL to a mail server, such as smtp+tls://user:password@host:587.",
            id="backend.W011",
        )
    ]


@register("security", deploy=True)
def check_store_is_named(**_: Any) -> list[CheckMessage]:
    """backend.W012 to W014: development's defaults that customers would see."""
    defaults = (
        (
            urlsplit(settings.STORE_FRONTEND_URL).hostname in ("localhost", "127.0.0.1", "::1"),
            f"Links in mails point to {settings.STORE_FRONTEND_URL}, which customers cannot reach.",
            "Set STORE_FRONTEND_URL to the address of the front end.",
            "backend.W012",
        ),
        (
            settings.STORE_NAME == "Store",
            "STORE_NAME is not set: mails and the admin say “Store”.",
            "Set STORE_NAME.",
            "backend.W013",
        ),
        (
            settings.DEFAULT_FROM_EMAIL.rstrip(">").endswith("@localhost"),
            f"Mail is sent from {settings.DEFAULT_FROM_EMAIL}, which other servers refuse.",
            "Set DEFAULT_FROM_EMAIL to an address of the store.",
            "backend.W014",
        ),
    )
    return [Warning(message, hint=hint, id=id) for is_default, message, hint, id in defaults if is_default]


@register("security", deploy=True)
def check_counts_are_shared(**_: Any) -> list[CheckMessage]:
    """backend.W015: without Redis each worker counts attempts separately.

    The number of workers is known only if granian's variable is set.
    """
    if settings.REDIS_URL or os.environ.get("GRANIAN_WORKERS") == "1":
        return []
    return [
        Warning(
            "Without REDIS_URL each worker counts attempts separately: two workers allow twice as many.",
            hint="Set REDIS_URL, or run one worker and set GRANIAN_WORKERS=1.",
            id="backend.W015",
        )
    ]


@register()
def check_languages_are_translated(**_: Any) -> list[CheckMessage]:
    """backend.W017: shoppers who ask for a language are answered in another, because it has no translations."""
    folders = (OURS, Path(settings.STORE_LOCALE))
    return [
        Warning(
            f"STORE_LANGUAGES has {code}, but nothing translates the store's messages to it.",
            hint=f"Begin a translation with make messages ADD={code}, or leave the language out.",
            id="backend.W017",
        )
        for code in settings.STORE_LANGUAGES
        if code.partition("-")[0] != "en"
        and not any(has_catalogue(code, folder=folder) for folder in folders)
    ]
