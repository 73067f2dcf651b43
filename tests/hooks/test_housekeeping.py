"""The log of deliveries does not grow for ever."""

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone

from hooks.models import Delivery, Endpoint, Kind
from hooks.publishing import News, write
from tests.hooks.conftest import make_endpoint

pytestmark = pytest.mark.django_db

NEWS = [News(node="Order", key=1, data={})]


def test_what_was_written_while_its_endpoint_was_deleted_goes() -> None:
    kept, gone = make_endpoint("https://kept.example/"), make_endpoint("https://gone.example/")
    now, found = timezone.now(), list(Endpoint.objects.all())
    gone.delete()
    write(Kind.ORDER_PLACED, NEWS, found, now=now)
    assert Delivery.objects.count() == 2
    call_command("housekeeping")
    assert [delivery.endpoint for delivery in Delivery.objects.all()] == [kept]


def test_old_ones_go() -> None:
    write(Kind.ORDER_PLACED, NEWS, [make_endpoint("https://kept.example/")], now=timezone.now())
    Delivery.objects.update(created_at=timezone.now() - timedelta(days=31))
    call_command("housekeeping")
    assert not Delivery.objects.exists()
