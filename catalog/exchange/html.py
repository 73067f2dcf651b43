"""Plain text from the HTML of a description, in time that grows with its length alone.

html.parser takes minutes for 100 kB of `<a <a <a …`, and anybody may have written the file.
"""

import re
from html import unescape

# Before and after these a paragraph ends, or a line.
PARAGRAPHS = {
    *("p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "dl", "table"),
    *("blockquote", "pre", "section", "article"),
}
LINES = {"li", "tr", "div", "dt", "dd", "hr", "figcaption", "option"}
# These have no text for a reader.
HIDDEN = {"script", "style", "template", "head", "svg", "noscript"}
# A tag ends before the next one begins, so that no text is read twice.
TAG = re.compile(r"""<(/?)([a-z][a-z0-9]*)(?:[^<>"']|"[^"<]*"|'[^'<]*')*>""", re.IGNORECASE)
# Python refuses to read a number of thousands of digits.
NO_CHARACTER = re.compile(r"&#\d{8,};?")
# Marks that stand in the text until all of it is there.
PARAGRAPH, LINE, BREAK = "\x01", "\x02", "\x03"
MARKS = re.compile(r"[\x01-\x03]")
RUN = re.compile(r"\s*[\x01-\x03][\x01-\x03\s]*")
SPACES = re.compile(r"\s+")


def plain_text(html: str) -> str:
    """Return the text of the HTML, with an empty line between paragraphs and a dash before each item of a list.

    The text may not be HTML at all: `a < b & c` stays as it is.
    """
    html = without_comments(MARKS.sub("", html))
    parts: list[str] = []
    done = 0
    for tag in TAG.finditer(html):
        if tag.start() < done:
            continue  # within a hidden element
        parts.append(text_of(html[done : tag.start()]))
        name, closes = tag[2].lower(), bool(tag[1])
        parts.append(mark_of(name, closes=closes))
        done = tag.end()
        if name in HIDDEN and not closes and not tag[0].endswith("/>"):
            end = re.compile(f"</{name}", re.IGNORECASE).search(html, done)
            done = end.start() if end else len(html)
    parts.append(text_of(html[done:]))
    text = RUN.sub(break_of, "".join(parts))
    return re.sub(r" {2,}", " ", text).strip()


def without_comments(html: str) -> str:
    parts: list[str] = []
    done = 0
    while (start := html.find("<!--", done)) >= 0 and (end := html.find("-->", start)) >= 0:
        parts.append(html[done:start])
        done = end + len("-->")
    return "".join([*parts, html[done:]])


def text_of(html: str) -> str:
    return MARKS.sub("", SPACES.sub(" ", unescape(NO_CHARACTER.sub("", html))))


def mark_of(name: str, *, closes: bool) -> str:
    """Return what stands for a tag."""
    if name in PARAGRAPHS:
        return PARAGRAPH
    if name == "br":
        return BREAK
    if name in ("td", "th"):
        return " "
    if name in LINES:
        return f"{LINE}- " if name == "li" and not closes else LINE
    return ""


def break_of(run: re.Match[str]) -> str:
    """Return what stands for a run of marks: an empty line between paragraphs, and for two line breaks."""
    return "\n\n" if PARAGRAPH in run[0] or run[0].count(BREAK) > 1 else "\n"
