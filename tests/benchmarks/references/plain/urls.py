"""The library's own view, as its guide serves it."""

from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from strawberry.django.views import GraphQLView

from tests.benchmarks.references.plain.schema import schema

urlpatterns = [path("graphql/", csrf_exempt(GraphQLView.as_view(schema=schema)))]
