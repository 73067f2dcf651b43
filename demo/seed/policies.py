"""The policies of the demonstration shop, read from policies.toml."""

import tomllib
from datetime import datetime
from pathlib import Path

from policies.models import Policy
from policies.services import save_policy

TEXTS = Path(__file__).with_name("policies.toml")


def add_policies(*, now: datetime) -> None:
    """Write the missing policies. One with the same slug stays as it is."""
    known = set(Policy.objects.values_list("slug", flat=True))
    for position, (slug, text) in enumerate(tomllib.loads(TEXTS.read_text("utf-8")).items(), start=1):
        if slug not in known:
            save_policy(Policy(slug=slug, position=position, **text), now=now)
