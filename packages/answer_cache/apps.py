"""The app with the table of outages. It must be installed where a SharedRevision is the keeper."""

from django.apps import AppConfig


class AnswerCacheConfig(AppConfig):
    name = "packages.answer_cache"
    label = "answer_cache"
    default_auto_field = "django.db.models.BigAutoField"
