"""Cursors: values survive the round trip, and malformed cursors are refused."""

import base64
import json
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import models

from api.keyset import column_field, decode_cursor, encode_cursor
from catalog.models import Product
from core.errors import BadUserInput

MOMENT = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)


def field(name: str) -> models.Field[Any, Any]:
    return column_field(Product.objects.all(), name)


def cursor(*texts: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(texts).encode()).decode()


class TestCursor:
    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("added_at", MOMENT),
            ("added_at", datetime.max.replace(tzinfo=UTC)),
            ("final_price", Decimal("10.10")),
            ("final_price", Decimal("0.00")),
            ("sold_count", 0),
            ("sold_count", 2**31 - 1),
            ("id", 2**63 - 1),
            ("rating_average", 11 / 3),
            ("sort_name", 'lamp, "oak" 灯 🙂 \\'),
            ("sort_name", ""),
            ("slug", "ручная-лампа"),
        ],
    )
    def test_keeps_the_value_exactly(self, name: str, value: Any) -> None:
        text = encode_cursor(SimpleNamespace(**{name: value}), [name])
        assert decode_cursor(text, [field(name)]) == (value,)

    def test_keeps_an_instant_of_any_zone(self) -> None:
        text = cursor(MOMENT.astimezone(timezone(timedelta(hours=2))).isoformat())
        assert decode_cursor(text, [field("added_at")]) == (MOMENT,)

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "x",
            "===",
            "🙂",
            "\ud800",
            *(
                base64.urlsafe_b64encode(json_text).decode()
                for json_text in (
                    b"",
                    b"\xff",
                    b"null",
                    b"1",
                    b"{}",
                    b"[]",
                    b'"a"',
                    b"[1]",
                    b"[null]",
                    b"[[]]",
                )
            ),
            base64.urlsafe_b64encode(b"[" * 100_000).decode(),
            cursor("a", "b"),
        ],
    )
    def test_refuses_what_is_none(self, text: str) -> None:
        with pytest.raises(BadUserInput):
            decode_cursor(text, [field("sort_name")])

    @pytest.mark.parametrize(
        ("name", "text"),
        [
            ("added_at", ""),
            ("added_at", "yesterday"),
            ("added_at", "2026-01-01"),
            ("added_at", "2026-01-01T00:00:00"),  # no time zone
            ("added_at", "0001-01-01T00:00:00+23:59"),  # before the year 1 in UTC
            ("final_price", ""),
            ("final_price", "NaN"),
            ("final_price", "Infinity"),
            ("final_price", "1e400"),
            ("final_price", "9" * 50),
            ("sold_count", ""),
            ("sold_count", "1.5"),
            ("sold_count", "-1"),
            ("sold_count", str(2**63)),
            ("id", "9" * 5000),
            ("rating_average", "nan"),
            ("rating_average", "inf"),
            ("rating_average", "1e400"),
            ("sort_name", "a" * 401),
            ("sort_name", "a\0b"),
            ("sort_name", "\ud800"),
            ("slug", "no slug"),
        ],
    )
    def test_refuses_what_the_column_cannot_hold(self, name: str, text: str) -> None:
        with pytest.raises(BadUserInput):
            decode_cursor(cursor(text), [field(name)])
