"""A cache of whole answers to guests in front of Django. An answer is kept until the data that it shows changes."""

from packages.answer_cache.answers import Answers, keep
from packages.answer_cache.keeper import Keeper
from packages.answer_cache.revision import Revision
from packages.answer_cache.tables import Tables
from packages.answer_cache.watcher import Watcher

__all__ = ["Answers", "Keeper", "Revision", "Tables", "Watcher", "keep"]
