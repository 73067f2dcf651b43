"""The encoding of a file that a spreadsheet has written.

charset-normalizer was tried: it reads short files of cp1252 as Big5 or cp1257, which writes wrong names without a word.
What is not Unicode is therefore taken for cp1252, as Excel writes it in Western Europe and America, and a note says so.
"""

import codecs
from typing import IO

from catalog.exchange.rows import BadFile

# A lone surrogate, which no text may have: the row of a byte that the encoding does not know is refused.
UNREADABLE = "\udcff"
MARK = "catalog.exchange.mark"
codecs.register_error(MARK, lambda error: (UNREADABLE, error.end))  # type: ignore[attr-defined]  # all have an end

# The longer ones first: UTF-32's begins like UTF-16's.
BYTE_ORDER_MARKS = {
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
# How other files begin: .xlsx and .ods (zip), .xls, PDF, gzip.
NOT_TEXT = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"%PDF", b"\x1f\x8b")
WINDOWS = "cp1252"
CHUNK = 1024 * 1024


def encoding_of(file: IO[bytes]) -> str:
    """A codec's name, by the mark at the beginning or by all the bytes. Leaves the file at its beginning.

    BadFile for an empty file and for a workbook.
    """
    head = file.read(4)
    file.seek(0)
    if not head:
        raise BadFile("The file is empty.")
    if head.startswith(NOT_TEXT):
        raise BadFile(
            "This is a workbook or another binary file. Open it in your spreadsheet and save it as “CSV UTF-8”."
        )
    for mark, encoding in BYTE_ORDER_MARKS.items():
        if head.startswith(mark):
            return encoding
    # Without a mark, UTF-16 is known by the zeros beside the header's letters.
    if head[:2].find(0) >= 0:
        return "utf-16-be" if head[0] == 0 else "utf-16-le"
    return "utf-8" if is_utf8(file) else WINDOWS


def is_utf8(file: IO[bytes]) -> bool:
    """Whether more of the bytes above 127 are UTF-8 than are not: then only the rows of the others are broken."""
    decoder = codecs.getincrementaldecoder("utf-8")(errors=MARK)
    readable = broken = 0
    while chunk := file.read(CHUNK):
        text = decoder.decode(chunk)
        broken += text.count(UNREADABLE)
        readable += len(chunk) - len(text)
    broken += decoder.decode(b"", final=True).count(UNREADABLE)
    file.seek(0)
    return readable > broken or not broken
