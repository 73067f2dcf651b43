"""Detection of the encoding of a file that a spreadsheet has written.

A file that is not Unicode is read as cp1252, which Excel writes in Western Europe and America, and a note says so.
charset-normalizer reads short files of cp1252 as Big5 or cp1257, and would silently import wrong names.
"""

import codecs
from typing import IO

from core.files import BadFile

# A lone surrogate stands for a byte that the encoding does not know. No text may contain one, so its row is refused.
UNREADABLE = "\udcff"
MARK = "catalog.exchange.mark"
codecs.register_error(MARK, lambda error: (UNREADABLE, error.end))  # type: ignore[attr-defined]  # all have an end

# Longer marks come first: UTF-32's begins like UTF-16's.
BYTE_ORDER_MARKS = {
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
# The first bytes of binary files: .xlsx and .ods (zip), .xls, PDF, gzip.
NOT_TEXT = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"%PDF", b"\x1f\x8b")
WINDOWS = "cp1252"
CHUNK = 1024 * 1024


def encoding_of(file: IO[bytes]) -> str:
    """Return the codec's name, from the byte order mark or from all the bytes. Rewinds the file.

    Raises:
        BadFile: the file is empty, or a workbook.
    """
    head = file.read(4)
    file.seek(0)
    if not head:
        raise BadFile("The file is empty.")
    if head.startswith(NOT_TEXT):
        raise BadFile(
            "Not a CSV file, but a workbook or another binary file. Open it in your spreadsheet and save it as "
            "“CSV UTF-8”."
        )
    for mark, encoding in BYTE_ORDER_MARKS.items():
        if head.startswith(mark):
            return encoding
    # UTF-16 without a mark has zeros beside the header's letters.
    if head[:2].find(0) >= 0:
        return "utf-16-be" if head[0] == 0 else "utf-16-le"
    return "utf-8" if is_utf8(file) else WINDOWS


def is_utf8(file: IO[bytes]) -> bool:
    """Whether most bytes above 127 are valid UTF-8. Only the rows with the other bytes are then refused."""
    decoder = codecs.getincrementaldecoder("utf-8")(errors=MARK)
    readable = broken = 0
    while chunk := file.read(CHUNK):
        text = decoder.decode(chunk)
        broken += text.count(UNREADABLE)
        readable += len(chunk) - len(text)
    broken += decoder.decode(b"", final=True).count(UNREADABLE)
    file.seek(0)
    return readable > broken or not broken
