"""Reads of policies. They return unevaluated QuerySets."""

from datetime import datetime

from django.db.models import QuerySet

from policies.models import Policy, PolicyVersion


def shown_policies() -> QuerySet[Policy]:
    """The policies that have a text, in the order of the staff."""
    return Policy.objects.exclude(body="")


def versions_at(moment: datetime, *, slug: str) -> QuerySet[PolicyVersion]:
    """The versions of the policy that there were at that moment. The first is the one that was in force."""
    return PolicyVersion.objects.filter(policy__slug=slug, created_at__lte=moment)
