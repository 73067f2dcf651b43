"""Order.documents, and the page of a document: who gets the PDF, and how much of a process it may take."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from io import BytesIO
from typing import Any
from unittest.mock import patch
from urllib.parse import urlsplit

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pypdf import PdfReader
from pytest_django import Settings

from orders import downloads
from orders.documents.links import LIFETIME, document_of, path_of
from orders.models import Document, Order
from orders.refunding import refund
from tests.conftest import GraphQLClient
from tests.factories import make_product, make_staff
from tests.orders.conftest import Bank, add_to_cart, checkout, statements
from tests.staff import browser_of

pytestmark = pytest.mark.django_db

DOCUMENTS = "query($uuid: UUID!) { order(uuid: $uuid) { documents { kind number issuedAt url } } }"


@pytest.fixture
def order(api: GraphQLClient, bank: Bank) -> Order:
    """A paid order of two units for 20.00."""
    add_to_cart(api, make_product(name="Lamp", stock=10), 2)
    uuid = checkout(api)["uuid"]
    bank.pay(uuid)
    return Order.objects.get(pk=uuid)


def documents(api: GraphQLClient, order: Order) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = api.run(DOCUMENTS, uuid=str(order.pk))["order"]["documents"]
    return found


def read(content: bytes) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(BytesIO(content)).pages)


class TestOrder:
    def test_has_its_documents(self, api: GraphQLClient, order: Order) -> None:
        refund(order_uuid=order.pk, amount=order.amount / 4, now=timezone.now())
        year = timezone.localdate().year
        assert [(found["kind"], found["number"]) for found in documents(api, order)] == [
            ("INVOICE", f"INV-{year}-000001"),
            ("CREDIT_NOTE", f"CN-{year}-000001"),
        ]

    def test_pending_has_none(self, api: GraphQLClient) -> None:
        add_to_cart(api, make_product())
        assert documents(api, Order(pk=checkout(api)["uuid"])) == []

    def test_one_and_many_take_the_same_statements(self, api: GraphQLClient, order: Order) -> None:
        documents(api, order)
        few = statements(lambda: documents(api, order))
        for _ in range(3):
            refund(order_uuid=order.pk, amount=order.amount / 4, now=timezone.now())
        assert len(documents(api, order)) == 4
        assert statements(lambda: documents(api, order)) == few


class TestDownload:
    def test_needs_no_session(self, api: GraphQLClient, order: Order) -> None:
        [invoice] = documents(api, order)
        url = urlsplit(invoice["url"])
        assert (url.scheme, url.netloc) == ("http", "testserver")
        answer = Client().get(url.path)
        assert (answer.status_code, answer["Content-Type"]) == (200, "application/pdf")
        assert answer["Content-Disposition"] == f'attachment; filename="{invoice["number"]}.pdf"'
        assert answer["Cache-Control"] == "private, no-store"
        text = read(answer.content)
        assert "Lamp" in text
        assert re.search(r"Total\s*\$20\.00", text)

    def test_of_an_address_that_was_edited_later_is_as_it_was(self, order: Order) -> None:
        path = path_of(Document.objects.get().pk)
        before = Client().get(path).content
        assert order.shipping
        order.shipping.first_name = "Grace"
        order.shipping.save()
        assert Client().get(path).content == before

    @pytest.mark.parametrize("token", ["1", "1.abc.def", "x" * 200])
    def test_refuses_what_was_not_signed(self, order: Order, token: str) -> None:
        assert Client().get(f"/documents/{token}/").status_code == 404

    def test_refuses_another_document_with_the_same_signature(self, order: Order) -> None:
        key = Document.objects.get().pk
        _, rest = path_of(key).removeprefix("/documents/").split(".", 1)
        assert Client().get(f"/documents/{key + 1}.{rest}").status_code == 404
        assert Client().get(f"/documents/{key}.{rest}").status_code == 200

    def test_is_good_for_a_day(self, order: Order) -> None:
        path = path_of(Document.objects.get().pk)
        token = path.removeprefix("/documents/").rstrip("/")
        later = timezone.now() + LIFETIME
        with patch("django.core.signing.time.time", return_value=(later - timedelta(minutes=1)).timestamp()):
            assert document_of(token)
        with patch("django.core.signing.time.time", return_value=(later + timedelta(minutes=1)).timestamp()):
            assert Client().get(path).status_code == 404

    def test_is_only_read(self, order: Order) -> None:
        assert Client().post(path_of(Document.objects.get().pk)).status_code == 405

    def test_each_address_has_a_limit(self, order: Order, settings: Settings) -> None:
        path = path_of(Document.objects.get().pk)
        answers = [Client().get("/documents/1/").status_code for _ in range(60)]
        assert set(answers) == {404}
        refused = Client().get(path)
        assert refused.status_code == 429
        assert int(refused["Retry-After"]) > 0
        assert Client().get(path, REMOTE_ADDR="192.0.2.1").status_code == 200

    def test_a_process_builds_one_and_lets_one_wait(self, order: Order) -> None:
        with downloads.place_to_build() as first, ThreadPoolExecutor(1) as pool:
            assert first
            waiting = pool.submit(self.wait_for_a_place)
            while downloads.places._value:
                pass
            refused = Client().get(path_of(Document.objects.get().pk))
            assert (refused.status_code, refused["Retry-After"]) == (503, "2")
            assert not waiting.done()
            downloads.building.release()  # the first one is done
            assert waiting.result(timeout=10)
            downloads.building.acquire()
        assert downloads.places._value == downloads.AT_ONCE

    @staticmethod
    def wait_for_a_place() -> bool:
        with downloads.place_to_build() as is_free:
            return is_free

    def test_a_name_of_a_file_has_no_strange_signs(self) -> None:
        assert downloads.file_name(Document(number='RE/"ä"\n2026-000001')) == "RE_____2026-000001.pdf"


class TestAdmin:
    @pytest.fixture
    def staff(self) -> Client:
        return browser_of(make_staff())

    def test_lists_documents_and_links_to_them(self, order: Order, staff: Client) -> None:
        for page in (
            reverse("admin:orders_document_changelist"),
            reverse("admin:orders_document_change", args=[Document.objects.get().pk]),
            reverse("admin:orders_order_change", args=[order.pk]),
        ):
            html = staff.get(page).content.decode()
            assert Document.objects.get().number in html
            [link] = set(re.findall(r'href="(/documents/[^"]+)"', html))
            assert Client().get(link).status_code == 200

    def test_nobody_writes_any(self, order: Order, staff: Client) -> None:
        page = reverse("admin:orders_document_change", args=[Document.objects.get().pk])
        assert staff.post(page, {"number": "1"}).status_code == 403
        assert staff.get(reverse("admin:orders_document_add")).status_code == 403
        assert (
            staff.post(reverse("admin:orders_document_delete", args=[Document.objects.get().pk])).status_code
            == 403
        )

    def test_is_found_by_its_number_and_its_order(self, order: Order, staff: Client) -> None:
        number = Document.objects.get().number
        for text in (number, order.number):
            page = staff.get(reverse("admin:orders_document_changelist"), {"q": text})
            assert number in page.content.decode()
