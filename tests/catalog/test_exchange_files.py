"""Files as spreadsheets write them, and rows that could match the wrong product."""

import time
import unicodedata
from decimal import Decimal
from io import BytesIO

import pytest
from django.utils import timezone

from accounts.models import User
from catalog.exchange import (
    BadFile,
    Note,
    Outcome,
    ProductRow,
    RefusedRow,
    export_products,
    import_products,
    read_rows,
)
from catalog.exchange.numbers import plain
from catalog.models import Product
from core.slugs import slug_of
from tests.factories import make_comment, make_product, make_user, set_stock

HEADER = "slug,category,name,description,price,stock"
LAMP = "lamp,Lamps,Lamp,It shines.,12.50,7"


def read(content: bytes | str, *, name: str = "p.csv") -> list[ProductRow | RefusedRow | Note]:
    return list(read_rows(BytesIO(content.encode() if isinstance(content, str) else content), name=name))


def cells(content: bytes | str) -> list[dict[str, str]]:
    items = read(content)
    assert not [item for item in items if isinstance(item, RefusedRow)]
    return [dict(item.cells) for item in items if isinstance(item, ProductRow)]


def find_refused_lines(content: bytes | str) -> list[int]:
    return [item.line for item in read(content) if isinstance(item, RefusedRow)]


def names(content: bytes | str) -> list[str]:
    return [item.cells["name"] for item in read(content) if isinstance(item, ProductRow)]


def notes(content: bytes | str) -> str:
    return " ".join(str(item) for item in read(content) if isinstance(item, Note))


EXPECTED = {
    "slug": "lamp", "category": "Lamps", "name": "Lamp", "description": "It shines.", "price": "12.50", "stock": "7",
}  # fmt: skip


class TestForms:
    @pytest.mark.parametrize(
        "text",
        [
            f"{HEADER}\n{LAMP}\n",
            f"{HEADER}\n{LAMP}",
            f"{HEADER}\r{LAMP}\r",
            f"{HEADER}\r\n{LAMP}\r\n\r\n,,,,,\r\n",
            f"\r\n{HEADER}\n{LAMP}\n",
            f"{HEADER}\n{LAMP}\n".replace(",", ";"),
            f"{HEADER}\n{LAMP.replace('12.50', '12,50')}\n".replace(",", ";").replace("12;50", "12,50"),
            f"{HEADER}\n{LAMP}\n".replace(",", "\t"),
            f"{HEADER}\n{LAMP}\n".replace(",", "|"),
            f"sep=;\r\n{HEADER}\r\n{LAMP}\r\n".replace(",", ";"),
            f'"sep=;"\r\n{HEADER}\r\n{LAMP}\r\n'.replace(",", ";"),
            f"SEP=,\n{HEADER}\n{LAMP}\n",
            f"sep=!\n{HEADER}\n{LAMP}\n".replace(",", "!"),
            f" SLUG ,Category,NAME, Description,Price\u00a0,Stock\n{LAMP}\n",
            f"{HEADER},,,\n{LAMP},,,\n",
            f"{HEADER}\n{LAMP},,,\n",
            f"{HEADER},,\n{LAMP}\n",
            f"{HEADER},colour,Weight\n{LAMP},red,5\n",
            HEADER.replace("price", '"price"') + f"\n{LAMP}\n",
            f"{HEADER}\n{LAMP.replace('12.50', chr(34) + '12,50' + chr(34))}\n",
        ],
    )
    @pytest.mark.parametrize(
        "encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-le", "utf-16-be", "utf-32"]
    )
    def test_one_product_however_it_is_written(self, text: str, encoding: str) -> None:
        assert cells(text.encode(encoding)) == [EXPECTED]

    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-le"])
    @pytest.mark.parametrize("name", ["Stühle für Gäste", "Café crème", "Mug “Ø”", "12 €"])
    def test_letters_outside_ascii(self, name: str, encoding: str) -> None:
        content = f"name;price\r\n{name};1,5\r\n".encode(encoding)
        assert cells(content) == [{"name": name, "price": "1.5"}]
        assert ("Windows-1252" in notes(content)) == (encoding == "cp1252")

    def test_a_broken_byte_among_utf8_is_its_rows_alone(self) -> None:
        content = "name\nStühle\n".encode() + b"M\xfcnze\n" + "Größe\n".encode()
        assert (names(content), find_refused_lines(content)) == (["Stühle", "Größe"], [3])
        assert find_refused_lines("name\nStühle\n".encode("utf-16") + b"\x00") == [3]
        assert find_refused_lines(b"name\nM\xfcnze\nunknown in cp1252: \x81\n") == [3]
        assert find_refused_lines("name\nA\0B\nC\n") == [2]

    def test_unknown_columns_are_noted_once(self) -> None:
        assert "“colour”, “Weight”" in notes(f"{HEADER},colour,Weight\n{LAMP},red,5\n")
        many = ",".join(f"column {number}" for number in range(1000))
        assert "and 990 more" in notes(f"name,{many}\n")
        json = read('{"name": "Lamp", "colour": [1]}\n{"name": "Torch", "colour": 2}\n', name="p.jsonl")
        assert [type(item) for item in json] == [Note, ProductRow, ProductRow]

    @pytest.mark.parametrize(
        ("content", "reason"),
        [
            (b"", "empty"),
            (b"PK\x03\x04\x14\x00\x06\x00", "CSV UTF-8"),
            (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "CSV UTF-8"),
            (b"\x1f\x8b\x08\x00", "binary"),
            (b"%PDF-1.7", "binary"),
            (b"\n\n", "nothing"),
            (b"\xef\xbb\xbf", "nothing"),
            (b"sep=;\n", "nothing"),
            (b"\xff\xfe", "nothing"),
            (b"colour,price\n", "It has: colour, price."),
            (b"name,price,Name \n", "twice: name"),
            (b"name,slug,SLUG\n", "twice: slug"),
            (b'"name,price\n', "nothing"),
            (b"\0\0\0\0\0\0", "columns"),
            (b"<html><table><tr><td>name</td>", "columns"),
            (b"x" * 3_000_000, "too long"),
        ],
    )
    def test_what_is_not_a_file_of_products(self, content: bytes, reason: str) -> None:
        with pytest.raises(BadFile, match=reason):
            read(content)


class TestQuotes:
    @pytest.mark.parametrize(
        ("rows", "good", "bad"),
        [
            (['a,"x,1', "b,x,2", "c,x,3"], "bc", [2]),
            (['a,"x,1', 'b,"x",2', "c,x,3"], "bc", [2]),
            (['a,"x,1', 'b,"",2', "c,x,3"], "bc", [2]),
            (['"a,x,1', '"b","x","2"', '"c","x","3"'], "bc", [2]),
            (['"a","x","1', '"b","x","2"', '"c","x","3"'], "bc", [2]),
            (['a,"x,1', 'b,"x,2', 'c,"x",3', 'd,"x,4'], "c", [2, 3, 5]),
            (['a,"x" y,1', "b,x,2"], "b", [2]),
            (['a,"two\nlines",1', "b,x,2", 'c,"x'], "ab", [5]),
            (['a,"two\n\nb,x,2\nlines",1', "c,x,2"], "ac", []),
            (['5" pipe,x,1', "b,x,2"], ['5" pipe', "b"], []),
        ],
    )
    def test_an_unclosed_quote_costs_its_own_row(
        self, rows: list[str], good: list[str] | str, bad: list[int]
    ) -> None:
        content = "\n".join(["name,description,stock", *rows])
        assert names(content) == [*good]
        assert find_refused_lines(content) == bad

    def test_long_cells_and_lines(self) -> None:
        long, longer = "x" * 200_000, "z" * 2_500_000
        content = f'name\n{long}\nLamp\n"{long}"\n{longer}\nTorch\n"a{longer}\nMug\n'
        assert names(content) == ["Lamp", "Torch", "Mug"]
        assert find_refused_lines(content) == [2, 4, 5, 7]

    @pytest.mark.slow
    @pytest.mark.parametrize("line", ['a","b\n', 'a,"b\n', '"\n', '""\n', '"",""\n', 'x""","y\n', '",\n'])
    def test_a_file_of_quotes_is_read_in_time(self, line: str) -> None:
        """Reading the rest of the file again after each quote would take hours."""
        start = time.process_time()
        read("name,price\n" + line * (3_000_000 // len(line)))
        assert time.process_time() - start < 30


class TestNumbers:
    @pytest.mark.parametrize(
        ("cell", "number"),
        [
            ("12.50", "12.50"), ("12,50", "12.50"), ("12", "12"), ("12,5", "12.5"), (" 12,5 ", "12.5"),
            ("1.234,50", "1234.50"), ("1,234.50", "1234.50"), ("1 234,50", "1234.50"), ("1\u202f234,5", "1234.5"),
            ("1\u00a0234", "1234"), ("1'234.50", "1234.50"), ("1’234", "1234"), ("1.234.567", "1234567"),
            ("1,234,567.8", "1234567.8"), ("-1,5", "-1.5"), ("0,125", "0.125"), ("1E+1", "1E+1"), ("ten", "ten"),
            ("1,2,3", "1,2,3"), ("1.23.4", "1.23.4"), ("", ""), ("10.00", "10.00"), ("1234.567", "1234.567"),
        ],
    )  # fmt: skip
    def test_as_people_write_them(self, cell: str, number: str) -> None:
        assert plain(cell, whole=False) == number

    @pytest.mark.parametrize("cell", ["1.234", "1,234", "12.000", "999,999"])
    def test_what_can_be_read_in_two_ways_is_not_guessed(self, cell: str) -> None:
        with pytest.raises(ValueError, match="ambiguous"):
            plain(cell, whole=False)

    def test_a_count_may_have_zeros_behind_the_point(self) -> None:
        assert [plain(cell, whole=True) for cell in ("7,0", "7.00", "7,5")] == ["7", "7", "7.5"]


def bring_in(content: bytes | str, *, seller: User) -> Outcome:
    whole = Outcome()
    rows = read_rows(BytesIO(content.encode() if isinstance(content, str) else content), name="p.csv")
    for outcome in import_products(rows, seller=seller, now=timezone.now()):
        whole.add(outcome)
    return whole


SIGNS = ["", "!", "?", "#", "+", "++", ".", "®", "™", "&", "*", "%", "'", "(", ")", "/", "=", "~", "°", "€"]
PAIRS = [
    *((f"Book C{one}", f"Book C{other}") for number, one in enumerate(SIGNS) for other in SIGNS[number + 1 :]),
    *((f"Cable {n}.{n + 1} m", f"Cable {n}{n + 1} m") for n in range(1, 20)),
    ("Lamp", "LAMP"), ("Lamp", "lamp"), ("\uff2camp", "Lamp"), ("½ l", "1\u20442 l"), ("ﬁn", "fin"), ("m²", "m2"),
    ("Straße", "STRASSE"), ("a b", "a-b"), ("a - b", "a b"), ("A/B", "AB"), ("+", "-"), ("!", "?"),
]  # fmt: skip


@pytest.mark.django_db
class TestTheRightProduct:
    @pytest.mark.slow
    def test_names_that_share_a_slug_are_two_products(self) -> None:
        """More than 200 pairs, in both orders, in one file and in two."""
        assert len(PAIRS) > 200
        header = "name,category,description,price,stock\n"
        wrong = []
        for one, other in PAIRS:
            seller = make_user()
            there = make_product(name=one, user=seller, price=Decimal(10), stock=10)
            before = Product.objects.values().get(pk=there.pk)
            outcome = bring_in(f'{header}"{other}",Lamps,It shines.,99,3\n', seller=seller)
            new = (
                Product.objects.filter(user=seller).exclude(pk=there.pk).values_list("name", "price", "stock")
            )
            if outcome != Outcome(created=1) or list(new) != [(other, Decimal(99), 3)]:
                wrong.append((one, other, outcome))
            outcome = bring_in(f'{header}"{other}",,,98,\n"{one}",,,97,\n', seller=seller)
            prices = dict(Product.objects.filter(user=seller).values_list("name", "price"))
            if outcome != Outcome(updated=2) or prices != {one: 97, other: 98}:
                wrong.append((one, other, outcome))
            after = Product.objects.values().get(pk=there.pk)
            assert {**after, **dict.fromkeys(("price", "final_price", "updated_at"))} == {
                **before, **dict.fromkeys(("price", "final_price", "updated_at"))
            }  # fmt: skip
        assert wrong == []
        assert sum(slug_of(one, fallback="p") == slug_of(other, fallback="p") for one, other in PAIRS) > 200

    def test_reviews_stay_with_their_product(self) -> None:
        seller = make_user()
        product = make_product(name="Cable 1.5 m", user=seller)
        comment = make_comment(product=product, rating=5)
        bring_in("name,category,description,price\nCable 15 m,Cables,Long.,9\n", seller=seller)
        comment.refresh_from_db()
        assert comment.product.name == "Cable 1.5 m"
        assert Product.objects.get(name="Cable 15 m").rated_5 == 0

    def test_both_names_in_one_file(self) -> None:
        seller = make_user()
        rows = "name,category,description,price\nBook C#,Books,Text,1\nBook C++,Books,Text,2\n"
        assert bring_in(rows, seller=seller) == Outcome(created=2)
        assert bring_in(rows, seller=seller) == Outcome(unchanged=2)
        assert dict(Product.objects.values_list("name", "price")) == {"Book C#": 1, "Book C++": 2}


def export() -> str:
    return "".join(export_products(Product.objects.all(), suffix=".csv"))


@pytest.mark.django_db
class TestStockOfAnExport:
    def test_a_file_for_prices_brings_no_sold_stock_back(self) -> None:
        product = make_product(stock=10)
        text = export().replace("10.00", "20.00")
        set_stock(product, 6)
        assert bring_in(text, seller=product.user) == Outcome(updated=1)
        product.refresh_from_db()
        assert (str(product.price), product.stock) == ("20.00", 6)

    def test_a_count_that_was_edited_is_written_once(self) -> None:
        product = make_product(stock=10)
        text = export().replace(",10,10,", ",15,10,")
        assert bring_in(text, seller=product.user) == Outcome(updated=1)
        assert bring_in(text, seller=product.user) == Outcome(unchanged=1)
        assert Product.objects.get().stock == 15

    def test_a_count_edited_over_a_sale_is_refused(self) -> None:
        product = make_product(stock=10)
        text = export().replace(",10,10,", ",15,10,").replace("10.00", "20.00")
        set_stock(product, 6)
        [refusal] = bring_in(text, seller=product.user).refused
        assert "It was 10 at the export and is 6 by now" in refusal.reason
        assert Product.objects.filter(stock=6, price=10).exists()

    def test_without_the_column_it_is_a_count(self) -> None:
        product = make_product(stock=10)
        assert bring_in(f"slug,stock\n{product.slug},4\n", seller=product.user) == Outcome(updated=1)
        assert Product.objects.get().stock == 4

    def test_excel_reads_it(self) -> None:
        make_product(name="Stühle")
        assert export().startswith("\ufeffslug,")
        assert unicodedata.normalize("NFC", export()).count("Stühle") == 1
