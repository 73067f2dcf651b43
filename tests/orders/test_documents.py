"""Invoices and credit notes: when they are issued, what they freeze, and that nothing changes them."""

from datetime import datetime, timedelta
from decimal import Decimal
from io import StringIO
from zoneinfo import ZoneInfo

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from catalog.models import Product
from orders import cancellation
from orders.audit import differences_here
from orders.documents import seal
from orders.documents.content import Content
from orders.documents.issuing import DRAW, issue_credit_notes, issue_invoice, issue_missing
from orders.models import (
    Document,
    DocumentKind,
    DocumentSeries,
    Order,
    OrderItem,
    Payment,
    PaymentStatus,
    Refund,
    Shipping,
)
from orders.payments.settlement import settle
from orders.refunding import refund, refund_items
from pricing.models import DiscountCode
from tests.conftest import GraphQLClient
from tests.factories import make_product, make_rate
from tests.orders.conftest import ADDRESS, Bank, add_to_cart, checkout

pytestmark = pytest.mark.django_db

GERMAN = {**ADDRESS, "country": "DE", "zipCode": "50667", "state": "", "phone": "+49221123456"}


@pytest.fixture
def lamp() -> Product:
    return make_product(name="Lamp", price=Decimal("23.90"), stock=100)


@pytest.fixture
def order(api: GraphQLClient, bank: Bank, lamp: Product, settings: Settings) -> Order:
    """A paid order of 3 lamps and a shade, with 19 % tax."""
    settings.STORE_SHIP_ON_PAYMENT = False
    make_rate("DE", "19")
    add_to_cart(api, lamp, 3)
    add_to_cart(api, make_product(name="Shade", price=Decimal("7.77")))
    uuid = checkout(api, shipping=GERMAN, billing={"company": "Ada GmbH", "address": GERMAN})["uuid"]
    bank.pay(uuid)
    return Order.objects.get(pk=uuid)


def documents() -> list[tuple[str, str, Decimal]]:
    return [(row.kind, row.number, row.total) for row in Document.objects.all()]


def faults() -> list[str]:
    return [f"{found.check}: {found.detail}" for found in differences_here()]


def this_year() -> int:
    return timezone.localdate().year


class TestInvoice:
    def test_is_issued_when_the_order_is_paid(self, order: Order) -> None:
        [invoice] = Document.objects.all()
        content = Content.of(invoice.content)
        assert (invoice.kind, invoice.number) == ("invoice", f"INV-{this_year()}-000001")
        assert invoice.total == order.amount == Decimal("94.57")
        assert [(line.name, line.quantity, line.unit, line.net, line.tax) for line in content.lines] == [
            ("Lamp", 3, 2390, 7170, 1362),
            ("Shade", 1, 777, 777, 148),
        ]
        assert [(tax.rate.percent, tax.base, tax.amount) for tax in content.taxes] == [
            (Decimal(19), 7947, 1510)
        ]
        assert content.bills_to[:2] == ("Ada GmbH", "Ada Lovelace")
        assert not any("49221" in line for line in content.bills_to)
        assert faults() == []

    def test_does_not_change_with_what_is_edited_later(self, order: Order, settings: Settings) -> None:
        before = Document.objects.get().content
        Shipping.objects.update(first_name="Grace", city="Berlin")
        OrderItem.objects.update(name="Torch")
        Product.objects.update(name="Torch")
        settings.STORE_NAME = "Another"
        assert Document.objects.get().content == before

    def test_a_pending_order_has_none(self, api: GraphQLClient, lamp: Product) -> None:
        add_to_cart(api, lamp)
        checkout(api)
        assert documents() == []
        assert DocumentSeries.objects.count() == 0

    def test_an_order_of_0_has_none(self, api: GraphQLClient, lamp: Product) -> None:
        DiscountCode.objects.create(code="FREE", percent=Decimal(100))
        add_to_cart(api, lamp)
        api.run('mutation { applyDiscountCode(input: {code: "FREE"}) { __typename } }')
        assert checkout(api)["status"] == "SHIPPED"
        assert documents() == []
        assert faults() == []

    def test_the_same_event_again_issues_nothing(self, order: Order, bank: Bank) -> None:
        settle(bank.intent(str(order.pk)), now=timezone.now())
        assert len(documents()) == 1

    def test_a_rollback_gives_the_number_back(self, order: Order) -> None:
        Document.objects.all().delete()
        with transaction.atomic():
            issue_invoice(order, paid_at=timezone.now(), now=timezone.now())
            assert documents() == [("invoice", f"INV-{this_year()}-000002", order.amount)]
            transaction.set_rollback(True)
        assert (documents(), DocumentSeries.objects.get().last) == ([], 1)

    def test_what_it_costs(self, order: Order, api: GraphQLClient, bank: Bank, lamp: Product) -> None:
        """Three statements: what the order froze, the number, the document. The number comes late."""
        add_to_cart(api, lamp)
        uuid = checkout(api, shipping=GERMAN)["uuid"]
        bank.fake.confirm(bank.intent(uuid))
        with CaptureQueriesContext(connection) as captured:
            settle(bank.intent(uuid), now=timezone.now())
        sqls = [query["sql"] for query in captured]
        drawn = next(place for place, sql in enumerate(sqls) if "orders_documentseries" in sql)
        assert "UNION ALL" in sqls[drawn - 1]
        assert sqls[drawn + 1].startswith('INSERT INTO "orders_document"')
        assert sqls[drawn + 2].startswith("RELEASE SAVEPOINT")  # the end of the transaction
        assert sum("orders_document" in sql for sql in sqls) == 2


class TestYear:
    @pytest.mark.parametrize(
        ("moment", "zone", "year"),
        [
            (datetime(2030, 12, 31, 23, 30, tzinfo=ZoneInfo("UTC")), "Europe/Berlin", 2031),
            (datetime(2030, 12, 31, 22, 59, tzinfo=ZoneInfo("UTC")), "Europe/Berlin", 2030),
            (datetime(2031, 1, 1, 4, 0, tzinfo=ZoneInfo("UTC")), "America/New_York", 2030),
        ],
    )
    def test_is_that_of_the_shop(
        self, order: Order, settings: Settings, moment: datetime, zone: str, year: int
    ) -> None:
        Document.objects.all().delete()
        DocumentSeries.objects.all().delete()
        settings.TIME_ZONE = zone
        with transaction.atomic():
            issue_invoice(order, paid_at=moment, now=moment)
        invoice = Document.objects.get()
        assert (invoice.year, invoice.number) == (year, f"INV-{year}-000001")
        assert invoice.content["issued_on"].startswith(str(year))

    def test_each_begins_at_1(self, order: Order) -> None:
        draws = [("invoice", 2050), ("invoice", 2050), ("invoice", 2051), ("credit_note", 2050)]
        with connection.cursor() as cursor:
            drawn = [cursor.execute(DRAW, draw).fetchone()[0] for draw in draws]
        assert drawn == [1, 2, 1, 1]


class TestCreditNote:
    def test_of_items_credits_these_lines(self, order: Order, bank: Bank) -> None:
        lamp, _ = order.items.all()
        refund_items(order_uuid=order.pk, quantities={lamp.pk: 2}, now=timezone.now())
        invoice, note = Document.objects.all()
        content = Content.of(note.content)
        [line] = content.lines
        assert (note.kind, note.number) == ("credit_note", f"CN-{this_year()}-000001")
        assert (line.name, line.quantity) == ("Lamp", -2)
        assert note.total == -Refund.objects.get().amount
        assert (content.corrects, content.bills_to) == (invoice.number, Content.of(invoice.content).bills_to)
        assert faults() == []

    def test_of_an_amount_has_its_share_of_the_tax(self, order: Order) -> None:
        refund(order_uuid=order.pk, amount=Decimal("11.90"), now=timezone.now())
        content = Content.of(Document.objects.get(kind="credit_note").content)
        assert (content.total, content.tax) == (-1190, -190)
        assert {line.quantity for line in content.lines} == {None}
        assert faults() == []

    def test_in_parts_add_up_to_the_invoice(self, order: Order) -> None:
        lamp, shade = order.items.all()
        now = timezone.now()
        refund_items(order_uuid=order.pk, quantities={lamp.pk: 1}, now=now)
        refund(order_uuid=order.pk, amount=Decimal("10.01"), now=now)
        refund_items(order_uuid=order.pk, quantities={shade.pk: 1}, now=now)
        order.refresh_from_db()
        refund(order_uuid=order.pk, amount=order.amount - Payment.objects.get().refunded, now=now)
        invoice, *notes = [Content.of(document.content) for document in Document.objects.all()]
        assert len(notes) == 4
        assert sum(note.total for note in notes) == -invoice.total
        assert sum(note.tax for note in notes) == -invoice.tax
        for line in invoice.lines:
            credited = [own for note in notes for own in note.lines if own.item == line.item]
            assert (sum(own.net for own in credited), sum(own.tax for own in credited)) == (
                -line.net,
                -line.tax,
            )
        assert faults() == []

    def test_of_a_paid_order_that_is_cancelled(self, order: Order) -> None:
        cancellation.cancel(order, now=timezone.now())
        assert [(kind, total) for kind, _, total in documents()] == [
            ("invoice", order.amount),
            ("credit_note", -order.amount),
        ]
        assert faults() == []

    def test_money_that_comes_for_a_cancelled_order_and_goes_back_has_no_document(
        self, api: GraphQLClient, bank: Bank, lamp: Product
    ) -> None:
        add_to_cart(api, lamp)
        order = Order.objects.get(pk=checkout(api)["uuid"])
        intent = bank.intent(str(order.pk))
        Payment.objects.update(status=PaymentStatus.CANCELLED)
        cancellation.close(order.pk, from_statuses=cancellation.CANCELLABLE, now=timezone.now())
        bank.fake.confirm(intent)
        settle(intent, now=timezone.now())
        order.refresh_from_db()
        assert (order.status, documents()) == ("refunded", [])
        assert faults() == []

    def test_a_refund_that_failed_after_all_is_not_credited_twice(self, order: Order, bank: Bank) -> None:
        refund(order_uuid=order.pk, amount=Decimal("20.00"), now=timezone.now())
        Refund.objects.update(status=Refund.Status.FAILED)
        Payment.objects.update(refunded=0, status=PaymentStatus.SUCCEEDED)
        [first] = Document.objects.filter(kind="credit_note")
        payment = Payment.objects.get()
        again = payment.refunds.create(amount=Decimal("25.00"), status="succeeded", refund_id="re_again")
        issue_credit_notes(order, payment, now=timezone.now())
        [_, second] = Document.objects.filter(kind="credit_note")
        assert (first.total, second.total, second.refund) == (Decimal(-20), Decimal(-5), again)


class TestIssueDocuments:
    @pytest.fixture
    def old(self, order: Order) -> Order:
        """An order from before there were documents, of which 5.00 were refunded."""
        refund(order_uuid=order.pk, amount=Decimal(5), now=timezone.now())
        Document.objects.all().delete()
        DocumentSeries.objects.all().delete()
        return order

    def run(self, *options: str) -> str:
        out = StringIO()
        call_command("issue_documents", *options, stdout=out)
        return out.getvalue()

    def test_old_orders_get_none_by_themselves(self, old: Order) -> None:
        assert faults() == []
        refund(order_uuid=old.pk, amount=Decimal(1), now=timezone.now())
        assert documents() == []

    def test_issues_what_is_missing_once(self, old: Order) -> None:
        assert self.run() == "1 orders have their documents now.\n"
        assert [(kind, total) for kind, _, total in documents()] == [
            ("invoice", old.amount),
            ("credit_note", Decimal(-5)),
        ]
        assert self.run() == "0 orders have their documents now.\n"
        assert (len(documents()), faults()) == (2, [])
        assert not issue_missing(old.pk, now=timezone.now())

    def test_since_a_day(self, old: Order) -> None:
        tomorrow = timezone.localdate() + timedelta(days=1)
        assert self.run(f"--since={tomorrow}").startswith("0 ")
        assert self.run(f"--since={timezone.localdate()}").startswith("1 ")

    def test_refuses_what_is_no_day(self) -> None:
        with pytest.raises(CommandError, match="not a day"):
            call_command("issue_documents", "--since=2026-02-30")


class TestSeal:
    def test_a_document_is_never_changed(self, order: Order) -> None:
        with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
            Document.objects.update(total=1)
        document = Document.objects.get()
        document.content["order"] = "000-000-000"
        with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
            document.save()
        assert Document.objects.get().content["order"] == order.number

    def test_a_table_that_was_rebuilt_gets_its_trigger_back(self) -> None:
        drop = {
            "sqlite": f"DROP TRIGGER {seal.NAME}",
            "postgresql": f"DROP TRIGGER {seal.NAME} ON {seal.TABLE}",
        }
        with connection.cursor() as cursor:
            cursor.execute(drop[connection.vendor])
        assert not seal.is_installed(connection)
        seal.install(using="default")
        assert seal.is_installed(connection)

    def test_an_order_with_documents_is_not_deleted(self, order: Order) -> None:
        with pytest.raises(IntegrityError):
            order.delete()


class TestAudit:
    def test_names_a_gap(self, order: Order) -> None:
        DocumentSeries.objects.update(last=3)
        assert faults() == ["documents: is missing", "documents: is missing"]

    def test_names_a_number_beyond_the_counter(self, order: Order) -> None:
        DocumentSeries.objects.all().delete()
        assert faults() == ["documents: is beyond the counter, which is at 0"]

    def test_names_a_deleted_document(
        self, order: Order, api: GraphQLClient, bank: Bank, lamp: Product
    ) -> None:
        add_to_cart(api, lamp)
        bank.pay(checkout(api, shipping=GERMAN)["uuid"])
        Document.objects.get(serial=2).delete()
        assert faults() == ["documents: is missing", "documents: is paid, but has no invoice"]

    def test_names_other_lines_and_sums(self, order: Order) -> None:
        invoice = Document.objects.get()
        Document.objects.all().delete()
        invoice.content["lines"][0]["net"] += 1
        invoice.pk = None
        invoice.save(force_insert=True)
        assert len(faults()) == 2
        assert all("lines" in found for found in faults())

    def test_names_a_refund_without_a_credit_note(self, order: Order) -> None:
        refund(order_uuid=order.pk, amount=Decimal(5), now=timezone.now())
        Document.objects.filter(kind=DocumentKind.CREDIT_NOTE).delete()
        assert "documents: 0 units are credited, 500 are refunded" in faults()
