"""The samples in CONTRIBUTING.md are the project's code."""

import re

import pytest

from tests.samples import GUIDE, MARK, block, source_of

TEXT = GUIDE.read_text("utf-8")
MARKS = list(MARK.finditer(TEXT))


@pytest.mark.parametrize("mark", MARKS, ids=lambda mark: mark["name"])
def test_the_sample_is_the_source(mark: re.Match[str]) -> None:
    shown = TEXT[mark.end() :].lstrip("\n")
    assert shown.startswith(block(source_of(mark["path"], mark["name"]))), (
        f"CONTRIBUTING.md shows another {mark['name']} than {mark['path']} has. Paste it from there."
    )


def test_every_sample_names_its_source() -> None:
    assert len(MARKS) == TEXT.count("```python") >= 10
