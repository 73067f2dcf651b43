"""The app of comments and ratings."""

from django.apps import AppConfig


class ReviewsConfig(AppConfig):
    name = "reviews"
