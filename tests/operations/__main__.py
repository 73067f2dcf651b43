"""python -m tests.operations [--check]: write docs/operations.md, or fail if it is out of date."""

import difflib
import os
import re
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import django

PAGE = Path(__file__).parents[2] / "docs" / "operations.md"


def main(*, check: bool) -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backend.settings")
    django.setup()
    made, there = make_page(), PAGE.read_text("utf-8") if PAGE.exists() else ""
    if not check:
        aside = PAGE.with_suffix(".new")
        aside.write_text(made, "utf-8")
        aside.replace(PAGE)
        return 0
    sys.stderr.writelines(
        difflib.unified_diff(
            there.splitlines(keepends=True), made.splitlines(keepends=True), str(PAGE), "made"
        )
    )
    if made != there:
        sys.stderr.write("docs/operations.md is out of date. Run make operations.\n")
    return int(made != there)


def make_page() -> str:
    from demo.purchase.shopper import GraphQLClient  # they read the settings
    from demo.purchase.store import Store
    from tests.operations.examples import EXAMPLES, SELLING, SHOPPING, Example
    from tests.operations.masking import Mask
    from tests.operations.page import operations, page

    mask = Mask()
    answers: dict[str, Any] = {}
    answered: dict[str, tuple[Example, dict[str, Any], Any]] = {}
    with TemporaryDirectory(prefix="store-operations-") as directory, Store(Path(directory)) as store:
        store.migrate()
        store.seed("--plain")
        store.serve()
        browsers = {name: GraphQLClient(store.url) for name in (SHOPPING, SELLING)}
        for example in EXAMPLES:
            variables = example.variables(answers)
            answer = browsers[example.browser].run(example.document, **variables)
            answers[example.operation] = answer
            store.finish_tasks()
            if tokens := re.findall(r"token=([\w-]+)", store.log.read_text("utf-8", errors="replace")):
                answers["mail"] = tokens[-1]
            data = mask.mask({"data": {example.operation: answer}})
            answered.setdefault(example.operation, (example, mask.mask(variables), data))
    if missing := operations() - set(answered):
        raise SystemExit(f"tests/operations/examples has no example of {', '.join(sorted(missing))}.")
    return page(answered)


if __name__ == "__main__":
    sys.exit(main(check="--check" in sys.argv[1:]))
