"""docs/apollo.md shows the storefront's own files, and installs the versions that it is tested with."""

import json
import re
from pathlib import Path

from django.conf import settings

SHOP = Path(settings.BASE_DIR, "storefront")
GUIDE = Path(settings.BASE_DIR, "docs/apollo.md").read_text("utf-8")
# A file's name, with its content below.
FILES = dict(re.findall(r"^\*\*`(\S+)`\*\*\n\n```\w+\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL))
PACKAGE = re.compile(r"(?<=\s)(@?[\w/-]+)@(\d[\w.-]*)")


def test_each_file_is_as_it_runs() -> None:
    for name, shown in FILES.items():
        assert shown == (SHOP / name).read_text("utf-8"), f"docs/apollo.md shows another {name}"


def test_no_code_is_shown_that_does_not_run() -> None:
    languages = re.findall(r"^```(\w+)$", GUIDE, re.MULTILINE)
    assert len([language for language in languages if language != "console"]) == len(FILES)


def test_no_recipe_is_left_out() -> None:
    recipes = {f"recipes/{path.name}" for path in (SHOP / "recipes").iterdir()}
    assert recipes
    assert recipes <= set(FILES)


def test_the_packages_are_those_that_are_tested() -> None:
    package = json.loads((SHOP / "package.json").read_text("utf-8"))
    tested = package["dependencies"] | package["devDependencies"]
    installed = dict(PACKAGE.findall(GUIDE))
    assert len(installed) > 10
    assert installed == {name: tested.get(name) for name in installed}
