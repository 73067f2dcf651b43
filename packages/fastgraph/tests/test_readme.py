"""The README's example runs as it stands."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Permission

from packages.fastgraph.tests.schema import Context

README = Path(__file__).parents[1] / "README.md"


@pytest.mark.django_db
def test_example() -> None:
    [example] = re.findall(r"```python\n(.*?)```", README.read_text("utf-8"), re.DOTALL)
    names: dict[str, Any] = {"__name__": __name__, "context": Context()}
    exec(example, names)
    assert names["plan"]
    assert len(names["result"].data["rights"]) == Permission.objects.count()
