"""docs/apollo.md shows the same files that tests/clients/apollo runs."""

import re
from pathlib import Path

from django.conf import settings

SUITE = Path(__file__).parent / "apollo"
GUIDE = Path(settings.BASE_DIR, "docs/apollo.md").read_text("utf-8")
# A file's name, with its content below.
FILES = dict(re.findall(r"^\*\*`(\S+)`\*\*\n\n```\w+\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL))


def test_each_file_is_as_it_runs() -> None:
    for name, shown in FILES.items():
        assert shown == (SUITE / name).read_text("utf-8"), f"docs/apollo.md shows another {name}"


def test_no_code_is_shown_that_does_not_run() -> None:
    languages = re.findall(r"^```(\w+)$", GUIDE, re.MULTILINE)
    assert len([language for language in languages if language != "console"]) == len(FILES)


def test_no_file_is_left_out() -> None:
    sources = {path.relative_to(SUITE).as_posix() for path in (SUITE / "src").glob("*.ts*")}
    assert sources
    assert set(FILES) == {*sources, "codegen.ts", "tsconfig.json", "vite.config.ts"}
