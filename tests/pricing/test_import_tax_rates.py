"""manage.py import_tax_rates, with the files that come along."""

from datetime import date
from decimal import Decimal
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from catalog.models import TaxClass
from pricing.models import TaxRate
from pricing.vat import MEMBERS
from tests.factories import default_tax_class, make_rate

pytestmark = pytest.mark.django_db

EXAMPLES = Path(__file__).parents[2] / "pricing" / "examples"
HEADER = "tax_class,country,region,level,name,percent,valid_from\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "rates.csv"


def bring_in(file: Path) -> tuple[str, str]:
    """Import the file and return what is printed: the result and the refused rows."""
    out, errors = StringIO(), StringIO()
    try:
        call_command("import_tax_rates", str(file), stdout=out, stderr=errors)
    except CommandError as error:
        errors.write(str(error))
    return out.getvalue(), errors.getvalue()


class TestExamples:
    def test_of_the_european_union(self) -> None:
        assert bring_in(EXAMPLES / "eu.csv") == ("28 rates added, 0 unchanged.\n", "")
        assert {*TaxRate.objects.values_list("country", flat=True)} == MEMBERS | {"MC"}
        germany = TaxRate.objects.get(country="DE")
        assert (germany.percent, germany.tax_class.is_default) == (Decimal(19), True)

    def test_of_some_states(self) -> None:
        assert bring_in(EXAMPLES / "us.csv") == ("12 rates added, 0 unchanged.\n", "")
        assert TaxRate.objects.get(region="OR").percent == 0

    def test_say_their_date_and_source(self) -> None:
        for name in ("eu.csv", "us.csv"):
            text = (EXAMPLES / name).read_text()
            assert "2026" in text.splitlines()[0]
            assert "# Source: " in text

    def test_again_change_nothing(self) -> None:
        bring_in(EXAMPLES / "eu.csv")
        before = list(TaxRate.objects.order_by("pk").values())
        assert bring_in(EXAMPLES / "eu.csv") == ("0 rates added, 28 unchanged.\n", "")
        assert list(TaxRate.objects.order_by("pk").values()) == before


class TestFile:
    def test_creates_classes(self, file: Path) -> None:
        file.write_text(
            HEADER + "Food,DE,,,VAT,7,2026-01-01\nfood,AT,,,VAT,10,2026-01-01\n,DE,,,VAT,19,2026-01-01\n"
        )
        assert bring_in(file)[0] == "3 rates added, 0 unchanged.\n"
        assert TaxClass.objects.filter(name="Food").count() == 1
        assert TaxRate.objects.get(percent=19).tax_class == default_tax_class()

    def test_creates_the_default_class_if_it_is_missing(self, file: Path) -> None:
        TaxClass.objects.all().delete()
        file.write_text(HEADER + ",DE,,,VAT,19,2026-01-01\n")
        assert bring_in(file)[0] == "1 rates added, 0 unchanged.\n"
        assert TaxClass.objects.get().is_default

    def test_of_a_spreadsheet(self, file: Path) -> None:
        file.write_bytes(
            "\ufeffCountry;Region;Level;Name;Percent;Valid_from\r\n"
            "us;New York;1;State;4;2026-01-01\r\n"
            "us;NY;2;City;4,875 %;2026-01-01\r\n".encode()
        )
        assert bring_in(file) == ("2 rates added, 0 unchanged.\n", "")
        rate = TaxRate.objects.get(level=2)
        assert (rate.country, rate.region, rate.percent) == ("US", "NY", Decimal("4.875"))
        assert rate.valid_from == date(2026, 1, 1)

    def test_reports_bad_rows_and_imports_the_rest(self, file: Path) -> None:
        make_rate("DE", "19", valid_from=date(2026, 1, 1))
        rows = {
            ",DE,,,VAT,20,2026-01-01": "already a rate",
            ",DE,,,VAT,101,2026-02-01": "percent:",
            ",DE,,,VAT,-1,2026-02-01": "percent:",
            ",DE,,,VAT,x,2026-02-01": "percent:",
            ",DE,,,VAT,,2026-02-01": "percent:",
            ",DE,,9,VAT,5,2026-02-01": "level:",
            ",XX,,,VAT,5,2026-02-01": "country:",
            ",US,Bavaria,,VAT,5,2026-02-01": "region:",
            ",DE,,,,5,2026-02-01": "name:",
            ",DE,,,VAT,5,1 February": "valid_from:",
            f"{'x' * 101},DE,,,VAT,5,2026-02-01": "tax_class:",
            ",DE,,,VAT,8,875,2026-02-01": "It has 8 cells",
            ",AT": "name:",
        }
        file.write_text(HEADER + "\n".join([*rows, "# a remark", "", ",FR,,,VAT,20,2026-01-01"]) + "\n")
        out, errors = bring_in(file)
        assert out == "1 rates added, 0 unchanged.\n"
        *reports, summary = errors.splitlines()
        assert summary == f"{len(rows)} rows were left out."
        for line, (reason, report) in enumerate(zip(rows.values(), reports, strict=True), start=2):
            assert report.startswith(f"line {line}: ")
            assert reason in report
        assert set(TaxRate.objects.values_list("country", "percent")) == {
            ("DE", Decimal(19)),
            ("FR", Decimal(20)),
        }
        assert TaxClass.objects.count() == 1

    def test_refuses_a_rate_twice(self, file: Path) -> None:
        file.write_text(HEADER + ",DE,,,VAT,19,2026-01-01\n,DE,,1,Tax,20,2026-01-01\n")
        out, errors = bring_in(file)
        assert out == "1 rates added, 0 unchanged.\n"
        assert "line 3: There is already a rate" in errors

    @pytest.mark.parametrize(
        "content",
        [
            b"",
            b"\n\n",
            b"# nothing\n",
            b"country,name\nDE,VAT\n",
            b"country,name,percent,valid_from,rate\n",
            b"country,country,name,percent,valid_from\n",
            b"\xff\xfe\x00",
            b'country,name,percent,valid_from\n"DE,VAT,19,2026-01-01\n',
            b"\x00\x01\x02",
        ],
    )
    def test_that_is_none_of_rates_is_refused(self, file: Path, content: bytes) -> None:
        file.write_bytes(content)
        out, errors = bring_in(file)
        assert out == ""
        assert errors.startswith(f"{file}: ")
        assert not TaxRate.objects.exists()

    def test_that_does_not_exist_is_refused(self, file: Path) -> None:
        assert "No such file" in bring_in(file)[1]
        assert "Is a directory" in bring_in(file.parent)[1]

    def test_of_hostile_text_is_reported(self, file: Path) -> None:
        file.write_text(HEADER + ",DE,,,V\0AT,19,2026-01-01\n")
        assert bring_in(file)[1].startswith("line 2: name:")
