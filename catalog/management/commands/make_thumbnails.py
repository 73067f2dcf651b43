"""manage.py make_thumbnails: make the thumbnails that stored pictures lack, after an upgrade that brought new ones."""

import sys
from typing import Any

from django.apps import apps
from django.core.management.base import BaseCommand
from django.db.models import ImageField
from tqdm import tqdm

from core import images


class Command(BaseCommand):
    help = "Make the thumbnails that stored pictures lack: new sizes and formats after an upgrade."

    def handle(self, **options: Any) -> None:
        names = {
            name
            for model in apps.get_models()
            for field in model._meta.local_fields
            if isinstance(field, ImageField)
            for name in model._base_manager.exclude(**{field.name: ""}).values_list(field.name, flat=True)
        }
        made = missing = 0
        for name in tqdm(sorted(names), unit=" pictures", disable=not sys.stderr.isatty()):
            try:
                made += images.complete(name)
            except FileNotFoundError:
                missing += 1
        self.stdout.write(f"Made {made} thumbnails of {len(names)} pictures.")
        if missing:
            self.stderr.write(f"{missing} pictures have no file.")
