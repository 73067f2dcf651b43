"""import-linter knows every package, so that no new one is outside of the contracts."""

import subprocess
import tomllib
from pathlib import Path

from django.conf import settings

PROJECT = tomllib.loads(Path(settings.BASE_DIR, "pyproject.toml").read_text("utf-8"))
LINTER = PROJECT["tool"]["importlinter"]
NOT_OF_THE_HOUSE = {"tests"}


def top_level_packages() -> set[str]:
    """Return the top-level folders with Python files that git tracks or would add."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*/*.py"],
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return {line.partition("/")[0] for line in listed.splitlines()} - NOT_OF_THE_HOUSE


def test_every_package_is_a_root_of_the_import_rules() -> None:
    assert top_level_packages() == set(LINTER["root_packages"])


def test_every_root_stands_in_the_layers_of_the_house() -> None:
    [house] = [contract for contract in LINTER["contracts"] if contract["id"] == "house"]
    layers = [package.strip() for layer in house["layers"] for package in layer.split("|")]
    assert sorted(layers) == sorted(LINTER["root_packages"])


def test_each_package_is_checked_and_measured_as_a_whole() -> None:
    assert set(LINTER["root_packages"]) <= set(PROJECT["tool"]["mypy"]["files"])
    assert set(LINTER["root_packages"]) == set(PROJECT["tool"]["coverage"]["run"]["source"])


def test_each_of_the_packages_is_independent() -> None:
    [independent] = [contract for contract in LINTER["contracts"] if contract["id"] == "packages"]
    folders = {path.parent.name for path in Path(settings.BASE_DIR, "packages").glob("*/__init__.py")}
    assert sorted(independent["modules"]) == sorted(f"packages.{folder}" for folder in folders)
