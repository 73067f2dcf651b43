"""Parsing of numbers as spreadsheets show them: 12.50, 12,50, 1.234,50, 1 234,50."""

import re

PLAIN = re.compile(r"([+-]?\d+)(?:[.,](\d+))?")
GROUPED = re.compile(
    r"([+-]?\d{1,3}(?P<group>[.,'’\s])\d{3}(?:(?P=group)\d{3})*)(?:(?!(?P=group))[.,](\d+))?"
)

# One comma or point before three digits is ambiguous: a thousands separator, or a decimal point.
ALONE = re.compile(r"[+-]?\d{1,3}[.,]\d{3}")


def plain(cell: str, *, whole: bool) -> str:
    """Return the number with a decimal point and without separators. Any other text is returned as it is.

    Raises:
        ValueError: the number is ambiguous. 1.234 is over a thousand in one country and just over one in another.
    """
    text = cell.strip()
    if found := GROUPED.fullmatch(text):
        digits, fraction = re.sub(r"[^\d+-]", "", found[1]), found[3]
        if ALONE.fullmatch(text):
            start, _, end = text.replace(",", ".").partition(".")
            if start.lstrip("+-") != "0":
                raise ValueError(f"“{text}” is ambiguous: write {digits} or {start}.{end[:2]}.")
            digits, fraction = start, end
    elif found := PLAIN.fullmatch(text):
        digits, fraction = found[1], found[2]
    else:
        return text
    if fraction and not (whole and not fraction.strip("0")):
        return f"{digits}.{fraction}"
    return digits
