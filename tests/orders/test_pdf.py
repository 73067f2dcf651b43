"""Documents as PDF: read back as text, with the right sums, in every script that an address may have."""

import logging
import re
import shutil
import subprocess
from io import BytesIO
from typing import Any

import pytest
from django.utils import timezone, translation
from pypdf import PdfReader
from pytest_django import Settings

from core.logs import Sparingly
from orders.documents import fonts, pdf
from orders.documents.content import Content, Line, LineTax
from orders.documents.pdf import build_pdf
from orders.documents.wording import Wording, word
from orders.models import Document, DocumentKind

# Lines of addresses in the scripts of the countries that write them so.
SCRIPTS = {
    "JP": "東京都千代田区丸の内",
    "CN": "北京市朝阳区建国路",
    "TW": "臺北市信義區",
    "KR": "서울특별시 강남구",
    "GR": "Οδός Ερμού 12, Αθήνα",
    "RU": "улица Арбат, Москва",
    "PL": "ulica Świętokrzyska, Łódź",
    "VN": "Đường Nguyễn Huệ, Hồ Chí Minh",
    "IL": "רחוב הרצל",
    "EG": "شارع التحرير",
    "TH": "ถนนสุขุมวิท",
    "IN": "हिन्दी বাংলা தமிழ் తెలుగు ಕನ್ನಡ മലയാളം ગુજરાતી ਪੰਜਾਬੀ ଓଡ଼ିଆ",
    "GE": "რუსთაველის გამზირი",
    "AM": "Հյուսիսային պողոտա",
    "ET": "ቦሌ መንገድ",
    "LK": "කොළඹ",
    "KH": "ភ្នំពេញ",
    "LA": "ວຽງຈັນ",
    "MM": "ရန်ကုန်",
}
VAT = LineTax(name="MwSt.", percent="19", base=6722, amount=1277)
REDUCED = LineTax(name="MwSt.", percent="7", base=1000, amount=70)
ZERO = LineTax(name="Zero", percent="0", base=500, amount=0)


def content(**changes: Any) -> Content:
    values: dict[str, Any] = {
        "seller": ("Lichtblick GmbH", "Domstraße 1", "50667 Köln"),
        "seller_vat_id": "DE136695976",
        "bills_to": ("Analytical Engines Ltd", "Ada Lovelace", "Hauptstraße 12", "50667 Köln", "GERMANY"),
        "ships_to": ("Grace Hopper", "Nebenweg 3", "1010 Wien", "AUSTRIA"),
        "vat_id": "DE811569869",
        "country": "DE",
        "order": "482-917-350",
        "ordered_on": "2026-11-27",
        "paid_on": "2026-11-28",
        "issued_on": "2026-11-28",
        "language": "en",
        "currency": "EUR",
        "prices_include_tax": True,
        "is_reverse_charge": False,
        "lines": (
            Line(
                item=1,
                name="Desk lamp",
                variant="M, white",
                sku="LAMP-1",
                quantity=3,
                unit=2833,
                discount=500,
                net=6722,
                taxes=(VAT,),
            ),
            Line(item=2, name="Book", quantity=1, unit=1070, net=1000, taxes=(REDUCED,)),
            Line(item=None, name="Parcel", quantity=1, unit=500, net=500, taxes=(ZERO,)),
        ),
    }
    return Content(**{**values, **changes})


def document(of: Content, kind: DocumentKind = DocumentKind.INVOICE) -> Document:
    return Document(kind=kind, number="INV-2026-000017", issued_at=timezone.now(), content=of.to_json())


def read(of: Content, kind: DocumentKind = DocumentKind.INVOICE) -> str:
    """Return the text of the PDF, as a reader of PDFs finds it."""
    pages = PdfReader(BytesIO(build_pdf(document(of, kind)))).pages
    return "\n".join(page.extract_text() for page in pages)


def put_into_words(of: Content, kind: DocumentKind = DocumentKind.INVOICE) -> Wording:
    with translation.override(of.language):
        return word(document(of, kind), of)


class TestWording:
    def test_an_invoice(self) -> None:
        wording = put_into_words(content())
        assert wording.title == "Invoice INV-2026-000017"
        assert wording.facts == (
            "Date: November 28, 2026",
            "Order 482-917-350 of November 27, 2026",
            "Paid on November 28, 2026",
        )
        assert wording.addresses[0][-1] == "VAT id DE811569869"
        assert wording.lines[0] == ("Description", "Quantity", "Unit price", "Discount", "Tax", "Amount")
        assert wording.lines[1] == (
            "Desk lamp\nM, white\nSKU LAMP-1",
            "3",
            "€28.33",
            "-€5.00",
            "19 %",
            "€79.99",
        )
        assert wording.lines[3] == ("Delivery, Parcel", "1", "€5.00", "", "0 %", "€5.00")
        assert wording.total == ("Total", "€95.69")
        assert wording.taxes[1:] == (
            ("MwSt. 19 %", "€67.22", "€12.77"),
            ("MwSt. 7 %", "€10.00", "€0.70"),
            ("Zero 0 %", "€5.00", "€0.00"),
        )

    def test_a_credit_note_names_its_invoice(self) -> None:
        line = Line(
            item=1,
            name="Desk lamp",
            quantity=-1,
            net=-2241,
            taxes=(LineTax(name="MwSt.", percent="19", base=-2241, amount=-426),),
        )
        of = content(lines=(line,), corrects="INV-2026-000003", corrects_of="2026-11-01")
        wording = put_into_words(of, DocumentKind.CREDIT_NOTE)
        assert wording.title == "Credit note INV-2026-000017"
        assert "Corrects the invoice INV-2026-000003 of November 1, 2026" in wording.facts
        assert not any("Paid" in fact for fact in wording.facts)
        assert wording.lines[1:] == (("Desk lamp", "-1", "", "19 %", "-€26.67"),)
        assert wording.total == ("Total", "-€26.67")

    def test_zero_rated_not_taxed_and_reverse_charge_are_three_words(self) -> None:
        untaxed = (Line(item=1, name="Lamp", quantity=1, unit=100, net=100),)
        assert put_into_words(content(lines=untaxed)).taxes[1:] == (("Not taxed", "€1.00", "€0.00"),)
        reverse = put_into_words(content(lines=untaxed, is_reverse_charge=True))
        assert reverse.taxes[1:] == (("Reverse charge", "€1.00", "€0.00"),)
        assert reverse.notes == ("Reverse charge: the customer owes the tax.",)

    def test_prices_without_tax(self) -> None:
        wording = put_into_words(content(prices_include_tax=False))
        assert [row[-1] for row in wording.lines[1:]] == ["€67.22", "€10.00", "€5.00"]
        assert wording.sums[0] == ("Total without tax", "€82.22")
        assert wording.notes == ()

    def test_numbers_of_the_language(self) -> None:
        tax = LineTax(name="Tax", percent="8.625", base=100_000, amount=8_625)
        lines = (Line(item=1, name="Lampe", quantity=1, unit=100_000, net=100_000, taxes=(tax,)),)
        wording = put_into_words(content(language="de", lines=lines))
        assert wording.title == "Rechnung INV-2026-000017"
        assert wording.facts[0] == "Datum: 28. November 2026"
        assert wording.total == ("Gesamtbetrag", "1.086,25\N{NO-BREAK SPACE}€")
        assert wording.taxes[1][0] == "Tax 8,625 %"

    @pytest.mark.parametrize(
        ("currency", "total"), [("JPY", "¥9,569"), ("KWD", "KWD\xa095.69"), ("ISK", "ISK\xa09,569")]
    )
    def test_digits_of_the_currency(self, currency: str, total: str) -> None:
        assert put_into_words(content(currency=currency)).total[1] == total


class TestBuildPdf:
    def test_has_every_text(self) -> None:
        of = content()
        text = read(of)
        for expected in put_into_words(of).texts:
            for line in expected.split("\n"):
                assert line in text
        assert "INV-2026-000017 · 1 / 1" in text

    def test_its_lines_and_its_taxes_add_up_to_its_total(self) -> None:
        text = read(content())
        found = [round(float(amount) * 100) for amount in re.findall(r"(?<!-)€([\d.]+)", text)]
        for amounts in ([7999, 1070, 500], [8222, 1277, 70, 0], [6722, 1000, 500]):
            assert all(amount in found for amount in amounts)
        assert sum([7999, 1070, 500]) == sum([8222, 1277, 70, 0]) == found[found.index(8222) + 4]

    def test_is_the_same_whenever_it_is_built(self, settings: Settings) -> None:
        made = document(content())
        settings.STORE_NAME = "Another"
        assert build_pdf(made) == build_pdf(made)

    def test_of_many_lines_has_pages_with_headings(self) -> None:
        lines = tuple(
            Line(item=key, name=f"Lamp {key}", quantity=1, unit=100, net=100, taxes=()) for key in range(60)
        )
        pages = [
            page.extract_text()
            for page in PdfReader(BytesIO(build_pdf(document(content(lines=lines))))).pages
        ]
        assert len(pages) > 2
        assert all("Description" in page for page in pages[:-1])
        assert "€60.00" in pages[-1]

    @pytest.mark.slow
    @pytest.mark.parametrize("country", SCRIPTS)
    def test_no_letter_of_an_address_is_missing(self, country: str, caplog: pytest.LogCaptureFixture) -> None:
        of = content(bills_to=("Ada", SCRIPTS[country]), country=country)
        with caplog.at_level(logging.WARNING):
            text = read(of)
        assert not caplog.records
        letters = {letter for letter in SCRIPTS[country] if letter.isalpha()}
        assert {letter for letter in letters if letter not in text} <= joined(country, letters)

    def test_what_no_font_has_is_written_as_its_code_and_logged_once(
        self, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(pdf, "reports", Sparingly(seconds=3600))
        for _ in range(2):
            assert "Ada [U+103A0]" in read(content(bills_to=("Ada \U000103a0",)))
        [record] = caplog.records
        assert record.getMessage() == "No font has these characters of Invoice INV-2026-000017: U+103A0"
        assert record.levelname == "WARNING"

    def test_no_text_stands_for_the_number_of_pages(self) -> None:
        text = read(content(bills_to=("Ada {nb} \x1fn",)))
        assert "Ada {nb} n" in text
        assert text.endswith("INV-2026-000017 · 1 / 1")

    def test_signs_that_are_not_drawn_are_left_out(self) -> None:
        assert "AdaLovelace" in read(content(bills_to=("Ada\N{RIGHT-TO-LEFT OVERRIDE}Lovelace",)))

    @pytest.mark.parametrize("selector", ["\ufe0e", "\ufe0f", "\u180b", "\U000e0100", "\U000e01ef"])
    def test_selectors_of_variants_are_left_out(
        self, selector: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        """Japanese names have them. They choose between forms of the character before, and are not drawn."""
        name = f"葛{selector}城"
        assert "葛城" in read(content(bills_to=(name,), country="JP"))
        assert caplog.messages == []

    @pytest.mark.skipif(not shutil.which("pdftotext"), reason="pdftotext of poppler-utils is not installed")
    def test_pdftotext_reads_the_sums(self) -> None:
        made = subprocess.run(
            ["pdftotext", "-layout", "-", "-"],
            input=build_pdf(document(content())),
            capture_output=True,
            check=True,
        )
        assert made.stderr == b""
        text = made.stdout.decode()
        assert re.search(r"Desk lamp +3 +€28.33 +-€5.00 +19 % +€79.99", text)
        assert re.search(r"Total +€95.69", text)


def joined(country: str, letters: set[str]) -> set[str]:
    """Return the letters that a shaped text may have in another form, which readers report as that form."""
    shaped = {"EG", "IN", "LK", "KH", "MM", "IL", "TH", "LA"}
    return letters if country in shaped else set()


class TestFonts:
    def test_latin_letters_need_one_font(self) -> None:
        assert fonts.choose("Łódź Αθήνα Москва €", country="DE") == fonts.Choice((), frozenset())

    @pytest.mark.parametrize(
        ("country", "font"), [("JP", "JP"), ("CN", "SC"), ("TW", "TC"), ("KR", "KR"), ("DE", "JP")]
    )
    def test_characters_have_the_form_of_the_country(self, country: str, font: str) -> None:
        [chosen] = fonts.choose("中", country=country).fonts
        assert chosen.name == f"NotoSans{font}[wght].ttf"

    @pytest.mark.parametrize("country", SCRIPTS)
    def test_every_script_is_covered(self, country: str) -> None:
        assert not fonts.choose(SCRIPTS[country], country=country).missing
