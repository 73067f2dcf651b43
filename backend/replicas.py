"""The replicas of the database, from which queries are answered."""

from django.conf import settings

from packages.replicas import Replicas

replicas = Replicas(list(settings.REPLICAS))
