"""Writes of policies."""

from datetime import datetime

from django.db import transaction

from policies.models import Policy, PolicyVersion


@transaction.atomic
def save_policy(policy: Policy, *, now: datetime) -> None:
    """Write a new or a changed policy, with a version if its title or its text is new.

    Locks:
        The policy.
    """
    before = Policy.objects.select_for_update().filter(pk=policy.pk).values_list("title", "body").first()
    policy.updated_at = now
    policy.save()
    if before != (policy.title, policy.body):
        PolicyVersion.objects.create(policy=policy, title=policy.title, body=policy.body, created_at=now)
