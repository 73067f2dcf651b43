"""Formatting of a row's values as the API does, and reading of a request's variables."""

import base64
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse


def variables_of(request: HttpRequest) -> dict[str, Any]:
    variables: dict[str, Any] = json.loads(request.body)["variables"]
    return variables


def answer(name: str, value: Any) -> HttpResponse:
    body = json.dumps({"data": {name: value}}, separators=(",", ":"))
    return HttpResponse(body, content_type="application/json")


def rows_of(sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows


def global_id(node: str, key: object) -> str:
    return base64.b64encode(f"{node}:{key}".encode()).decode()


def key_of(id: str) -> int:
    return int(base64.b64decode(id).decode().partition(":")[2])


def money(amount: Any) -> dict[str, str]:
    """Format an amount, which is a number from SQLite and a Decimal from PostgreSQL."""
    return {"amount": f"{amount:.2f}", "currency": settings.STORE_CURRENCY}


def moment(value: datetime) -> str:
    """Format a time. SQLite's have no time zone, but are in UTC."""
    return value.replace(tzinfo=UTC).isoformat()


def cursor_of(at: datetime, slug: str) -> str:
    return base64.urlsafe_b64encode(json.dumps([moment(at), slug], separators=(",", ":")).encode()).decode()


def make_node(node: str, key: object, name: str, slug: str) -> dict[str, Any]:
    return {"id": global_id(node, key), "name": name, "slug": slug}


def thumbnail(image: str) -> str:
    return f"{settings.MEDIA_URL}{image.rpartition('.')[0]}-medium.webp"
