"""The last release: the commit in deploy/RELEASE, which shops run until they upgrade."""

import io
import os
import subprocess
import tarfile
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings

COMMIT = (settings.BASE_DIR / "deploy/RELEASE").read_text("utf-8").strip()


def require_history() -> None:
    """Skip the test if the repository lacks the commit, as a shallow clone does; with CI set, fail."""
    known = subprocess.run(
        ["git", "cat-file", "-e", f"{COMMIT}^{{commit}}"], cwd=settings.BASE_DIR, capture_output=True
    )
    if known.returncode == 0:
        return
    missing = f"NOT TESTED AGAINST THE LAST RELEASE: COMMIT {COMMIT} IS MISSING. RUN git fetch --unshallow."
    if os.environ.get("CI"):
        pytest.fail(missing)
    pytest.skip(missing)


def new_migrations() -> list[tuple[str, str]]:
    """Return the migrations that the last release does not have, each as its app and its name."""
    listed = subprocess.run(
        ["git", "ls-tree", "-r", "--name-only", COMMIT],
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
        check=True,
    )
    root, known = settings.BASE_DIR, set(listed.stdout.splitlines())
    found = [
        path for app in apps.get_app_configs() for path in Path(app.path, "migrations").glob("[0-9]*.py")
    ]
    return sorted(
        (path.parts[-3], path.stem)
        for path in found
        if path.is_relative_to(root)
        and ".venv" not in path.parts
        and str(path.relative_to(root)) not in known
    )


def unpack_release(folder: Path) -> None:
    """Write the files of the last release into the folder."""
    packed = subprocess.run(
        ["git", "archive", COMMIT], cwd=settings.BASE_DIR, capture_output=True, check=True
    ).stdout
    with tarfile.open(fileobj=io.BytesIO(packed)) as files:
        files.extractall(folder, filter="data")
