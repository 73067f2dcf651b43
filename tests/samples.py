"""The samples of CONTRIBUTING.md. The mark above each names its source: `<!-- path: Class.function -->`."""

import ast
import re
from pathlib import Path
from textwrap import dedent

from django.conf import settings

GUIDE = Path(settings.BASE_DIR, "CONTRIBUTING.md")
MARK = re.compile(r"^<!-- (?P<path>\S+\.py): (?P<name>[\w.]+) -->\n", re.MULTILINE)


def source_of(path: str, name: str) -> str:
    """Return the source of a definition or an assignment in a module, without its indentation."""
    text = Path(settings.BASE_DIR, path).read_text("utf-8")
    node: ast.AST = ast.parse(text)
    for part in name.split("."):
        node = next(child for child in ast.iter_child_nodes(node) if part in names_of(child))
    assert isinstance(node, ast.stmt)
    decorators = getattr(node, "decorator_list", [])
    first = min([node.lineno, *(decorator.lineno for decorator in decorators)])
    return dedent("\n".join(text.splitlines()[first - 1 : node.end_lineno]))


def names_of(node: ast.AST) -> set[str]:
    """Return the names that a statement defines."""
    if isinstance(node, ast.ClassDef | ast.FunctionDef):
        return {node.name}
    if isinstance(node, ast.Assign):
        return {target.id for target in node.targets if isinstance(target, ast.Name)}
    return set()


def block(source: str) -> str:
    return f"```python\n{source}\n```\n"
