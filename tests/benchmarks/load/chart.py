"""The chart of docs/performance.md, as SVG."""

from collections.abc import Iterator
from html import escape
from math import log10

from tests.benchmarks.load.cells import Results
from tests.benchmarks.load.contenders import Contender

COLOURS = {
    Contender.HANDWRITTEN: "#9aa5b1",
    Contender.STORE: "#0b7285",
    Contender.CACHED: "#63c5d6",
    Contender.PLAIN: "#c9762f",
}
WIDTH, LABELS, BAR, GAP = 760, 230, 16, 22
LEAST, MOST = 0.01, 1000.0  # milliseconds, over a logarithmic scale


def draw(results: Results, *, database: str) -> str:
    """Draw the processor time of each operation, with a bar for each of its contenders."""
    top = 64
    body: list[str] = []
    for operation, samples in results.items():
        body.append(text(12, top + BAR - 4, operation, bold=True))
        for contender in (one for one in COLOURS if one in samples):
            milliseconds = samples[contender].cpu * 1000
            length = place(milliseconds) - LABELS
            body.append(
                f'<rect x="{LABELS}" y="{top}" width="{length:.0f}" height="{BAR - 3}" fill="{COLOURS[contender]}"/>'
            )
            body.append(text(LABELS + length + 6, top + BAR - 5, f"{milliseconds:.2g} ms"))
            top += BAR
        top += GAP
    title = f"Processor time of a request, {database} (logarithmic scale)"
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {top}" width="{WIDTH}" height="{top}" '
            'font-family="system-ui, sans-serif" font-size="12">',
            f'<rect width="{WIDTH}" height="{top}" fill="#ffffff"/>',
            text(12, 22, title, bold=True),
            *legend(),
            *body,
            "</svg>\n",
        ]
    )


def place(milliseconds: float) -> float:
    """Return the position on the scale, which leaves room for the numbers behind the bars."""
    share = log10(max(milliseconds, LEAST) / LEAST) / log10(MOST / LEAST)
    return LABELS + share * (WIDTH - LABELS - 70)


def legend() -> Iterator[str]:
    x = 12.0
    for contender, colour in COLOURS.items():
        yield f'<rect x="{x:.0f}" y="34" width="10" height="10" fill="{colour}"/>'
        yield text(x + 15, 43, contender)
        x += 40 + 6.2 * len(contender)


def text(x: float, y: float, content: str, *, bold: bool = False) -> str:
    weight = ' font-weight="600"' if bold else ""
    return f'<text x="{x:.0f}" y="{y:.0f}" fill="#1f2933"{weight}>{escape(content)}</text>'
