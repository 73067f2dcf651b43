"""System checks of settings that would be dangerous in production."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register
from django.db import connection


@register("security")
def check_origins_are_named(**_: Any) -> list[CheckMessage]:
    """backend.E001: with a wildcard any page could act with a shopper's cookies."""
    wildcard = settings.CORS_ALLOW_CREDENTIALS and (
        getattr(settings, "CORS_ALLOW_ALL_ORIGINS", False)
        or getattr(settings, "CORS_ALLOWED_ORIGIN_REGEXES", ())
        or any("*" in origin for origin in settings.STORE_ORIGINS)
    )
    if not wildcard:
        return []
    return [
        Error(
            "Origins are allowed by a pattern, and cookies with them.",
            hint="Name each front end in STORE_ORIGINS, as scheme://host:port.",
            id="backend.E001",
        )
    ]


@register("security")
def check_cookies_of_other_sites_are_secure(**_: Any) -> list[CheckMessage]:
    """backend.E002: browsers drop a cookie for other sites that is not for HTTPS alone."""
    if str(settings.SESSION_COOKIE_SAMESITE).lower() != "none" or settings.SESSION_COOKIE_SECURE:
        return []
    return [
        Error(
            "COOKIE_SAMESITE is None, but the session's cookie also goes over plain HTTP.",
            hint="Turn DEBUG off and serve the store over HTTPS, or leave COOKIE_SAMESITE as it is.",
            id="backend.E002",
        )
    ]


@register("security", deploy=True)
def check_database_is_shared(**_: Any) -> list[CheckMessage]:
    """backend.W001: SQLite is a file of one machine, while Redis tells of processes on several."""
    if connection.vendor != "sqlite" or not settings.REDIS_URL:
        return []
    return [
        Warning(
            "The cache is shared by REDIS_URL, but the database is SQLite, a file of one machine.",
            hint="Set DATABASE_URL to a PostgreSQL server if the store runs on several.",
            id="backend.W001",
        )
    ]
