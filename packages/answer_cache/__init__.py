"""Whole answers to guests, kept in front of Django for as long as nothing that they show has changed."""

from packages.answer_cache.answers import Answers, keep
from packages.answer_cache.revision import Revision
from packages.answer_cache.tables import Tables
from packages.answer_cache.watcher import Watcher

__all__ = ["Answers", "Revision", "Tables", "Watcher", "keep"]
