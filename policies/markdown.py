"""Markdown to HTML that is safe to show."""

from functools import lru_cache

from markdown_it import MarkdownIt

# HTML in the text is shown as text, and links that run scripts stay text. So nothing has to be filtered afterwards.
RENDERER = MarkdownIt("commonmark", {"html": False}).enable("table")
# As many texts as a shop has, in the languages of its staff.
KEPT = 64


@lru_cache(KEPT)
def render(text: str) -> str:
    """Return the HTML of a text in CommonMark, with tables."""
    return str(RENDERER.render(text))
