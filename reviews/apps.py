"""The app of comments and ratings."""

from django.apps import AppConfig


class ReviewsConfig(AppConfig):
    name = "reviews"

    def ready(self) -> None:
        from reviews import personal_data  # noqa: F401  # connects its receivers
