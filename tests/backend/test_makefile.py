"""Targets that write tracked files do not change them if they fail."""

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.skipif(not shutil.which("make"), reason="There is no make.")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A directory with the Makefile, an old schema, and a .venv that seems to be installed."""
    shutil.copy(ROOT / "Makefile", tmp_path)
    (tmp_path / "schema.graphql").write_text("old")
    (tmp_path / "requirements.txt").touch()
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    return tmp_path


def make_schema(checkout: Path, python: str) -> int:
    """Run `make schema` with this script in place of Python."""
    script = checkout / ".venv" / "bin" / "python"
    script.write_text(f"#!/bin/sh\n{python}\n")
    script.chmod(0o755)
    (checkout / ".venv" / ".store-installed").touch()
    return subprocess.run(["make", "schema"], cwd=checkout, capture_output=True, check=False).returncode


def test_schema_is_written(checkout: Path) -> None:
    assert make_schema(checkout, "echo new") == 0
    assert (checkout / "schema.graphql").read_text() == "new\n"


def test_schema_stays_where_the_code_has_a_fault(checkout: Path) -> None:
    assert make_schema(checkout, "echo half; exit 1") != 0
    assert (checkout / "schema.graphql").read_text() == "old"
