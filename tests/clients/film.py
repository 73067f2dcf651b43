"""python -m tests.clients.film FOLDER: make docs/images/purchase.webp of a purchase that was run with FILM=FOLDER."""

import sys
from pathlib import Path

from PIL import Image

FILM = Path(__file__).parents[2] / "docs/images/purchase.webp"
MILLISECONDS = 1400  # for each picture


def main(folder: Path) -> None:
    first, *others = [Image.open(path) for path in sorted(folder.glob("*.png"))]
    first.save(
        FILM,
        save_all=True,
        append_images=others,
        duration=MILLISECONDS,
        loop=0,
        quality=70,
        method=6,
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
