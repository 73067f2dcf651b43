"""A document as PDF, by fpdf2, made of its frozen content alone."""

import logging
import unicodedata
from collections.abc import Iterable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.conf import settings
from fpdf import FPDF
from fpdf.enums import VAlign, XPos, YPos
from fpdf.fonts import FontFace

from core.languages import in_language
from core.logs import Sparingly
from orders.documents import fonts
from orders.documents.content import Content
from orders.documents.wording import Row, Wording, word
from orders.models import Document

logger = logging.getLogger(__name__)
# The same document is drawn at each download.
reports = Sparingly(seconds=3600)

# The countries whose paper is Letter.
LETTER = frozenset(("CA", "CL", "CO", "MX", "PH", "US"))
MARGIN = 20  # mm
SMALL, TEXT, TOTAL, NAME, TITLE = 8, 9, 12, 12, 18  # points
LINE = 4.6  # mm
GREY = 110
# Stands for the number of pages. No text has it, because control characters are left out of texts.
PAGES = "\x1fn"
# The widths of the columns of lines, the discount's among them.
DESCRIPTION, QUANTITY, PRICE, DISCOUNT, TAX, AMOUNT = 20, 4, 7, 6, 5, 7


def build_pdf(document: Document) -> bytes:
    """Return the document as PDF. It takes a fraction of a second of CPU."""
    content = Content.of(document.content)
    with in_language(content.language):
        wording = word(document, content)
    with TemporaryDirectory() as folder:
        sheet = Sheet(document, content, wording, folder=Path(folder))
        sheet.draw()
        return bytes(sheet.output())


class Sheet(FPDF):
    """The pages of a document."""

    def __init__(self, document: Document, content: Content, wording: Wording, *, folder: Path) -> None:
        super().__init__(format="letter" if settings.STORE_COUNTRY in LETTER else "a4")
        self.document, self.wording = document, wording
        self.alias_nb_pages(PAGES)
        self.set_margin(MARGIN)
        self.set_auto_page_break(True, MARGIN + LINE)
        self.set_creation_date(document.issued_at)
        self.set_title(wording.title)
        self.set_author(wording.seller[0])
        self.set_lang(content.language)
        self.missing = self.add_fonts(folder, country=content.country)

    def add_fonts(self, folder: Path, *, country: str) -> frozenset[str]:
        """Load the fonts that the texts need. Log and return the characters that none has."""
        text = {letter for value in self.wording.texts for letter in unicodedata.normalize("NFC", value)}
        choice = fonts.choose(text, country=country)
        if choice.missing:
            codes = " ".join(sorted(f"U+{ord(letter):04X}" for letter in choice.missing))
            reports.warn(logger, "No font has these characters of %s: %s", self.document, codes)
        for place, path in enumerate((fonts.BASE, *choice.fonts)):
            own = folder / f"{place}.ttf"
            is_cut = fonts.is_of_another_weight(path)
            if is_cut:
                fonts.cut(path, text & fonts.characters(path), target=own)
            self.add_font(f"font{place}", fname=own if is_cut else path)
        self.set_font("font0", size=TEXT)
        self.set_fallback_fonts([f"font{place + 1}" for place in range(len(choice.fonts))])
        # This joins Arabic letters, and puts Indic vowels in their places. Other letters take half the time without.
        self.set_text_shaping(bool(choice.fonts))
        return choice.missing

    def draw(self) -> None:
        """Draw everything."""
        wording = self.wording
        self.add_page()
        name, *address = wording.seller
        self.draw_texts([name], size=NAME)
        self.draw_texts(address)
        self.ln(LINE * 2)
        self.draw_texts([wording.title], size=TITLE)
        self.draw_texts(wording.facts)
        self.ln(LINE)
        blocks = ["\n".join(block) for block in wording.addresses]
        self.draw_table([[*blocks, ""][:2]], widths=[1, 1], aligns="LL", headings=False)
        self.ln(LINE)
        self.draw_lines()
        self.draw_table(wording.sums, widths=[3, 1], aligns="RR", headings=False)
        self.draw_table([wording.total], widths=[3, 1], aligns="RR", headings=False, size=TOTAL)
        self.ln(LINE)
        self.draw_table(wording.taxes, widths=[2, 1, 1], aligns="LRR")
        self.ln(LINE)
        self.draw_texts(wording.notes)

    def draw_lines(self) -> None:
        has_discounts = len(self.wording.lines[0]) > len((DESCRIPTION, QUANTITY, PRICE, TAX, AMOUNT))
        discount = [DISCOUNT] if has_discounts else []
        widths = [DESCRIPTION, QUANTITY, PRICE, *discount, TAX, AMOUNT]
        self.draw_table(self.wording.lines, widths=widths, aligns="L" + "R" * (len(widths) - 1))
        self.ln(LINE / 2)

    def footer(self) -> None:
        self.set_y(-MARGIN)
        self.set_font_size(SMALL)
        self.set_text_color(GREY)
        self.cell(0, LINE, f"{self.document.number} · {self.page_no()} / {PAGES}", align="R")
        self.set_text_color(0)
        self.set_font_size(TEXT)

    def draw_texts(self, texts: Iterable[str], *, size: int = TEXT) -> None:
        self.set_font_size(size)
        for text in texts:
            height = LINE * max(1, size / NAME)
            self.multi_cell(0, height, self.written(text), align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self.set_font_size(TEXT)

    def draw_table(
        self,
        rows: Iterable[Row | Sequence[str]],
        *,
        widths: Sequence[int],
        aligns: str,
        headings: bool = True,
        size: int = TEXT,
    ) -> None:
        """Draw a table, whose headings are drawn again on each page."""
        look: dict[str, Any] = {
            "borders_layout": "SINGLE_TOP_LINE" if headings else "NONE",
            "headings_style": FontFace(color=GREY, size_pt=SMALL),
        }
        self.set_font_size(size)
        with self.table(
            col_widths=tuple(widths),
            text_align=tuple(aligns),
            first_row_as_headings=headings,
            line_height=LINE,
            v_align=VAlign.T,
            padding=(0.6, 1, 0.6, 0),
            **look,
        ) as table:
            for row in rows:
                table.row([self.written(text) for text in row])
        self.set_font_size(TEXT)

    def written(self, text: str) -> str:
        return "\n".join(fonts.write_out(line, self.missing) for line in text.split("\n"))
