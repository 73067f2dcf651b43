"""Every page of the admin shows all columns that are edited, and the sidebar leads to it."""

from typing import Any

import pytest
from django.contrib import admin
from django.contrib.admin.utils import flatten_fieldsets
from django.db.models import Model
from django.test import RequestFactory
from django.urls import reverse

from backend.navigation import NAVIGATION
from orders.totals import FROZEN
from tests.factories import make_staff

PAGES: dict[str, tuple[type[Model], Any]] = {
    model._meta.label_lower: (model, page) for model, page in admin.site._registry.items()
}
# Columns that a page shows in other words.
SHOWN_AS = {
    "orders.order": {
        **dict.fromkeys(("currency", *FROZEN), "sum"),
        "billing_address": "bills_to",
        "shipping": "ships_to",
        "status": "state",
    },
    "django_tasks_database.dbtaskresult": {
        "status": "state",
        "worker_ids": "attempts",
        "run_after": "next_attempt",
        "exception_class_path": "traceback",
    },
    "hooks.delivery": {
        "body": "shown_body",
        "next_attempt_at": "next",
        "queued_at": "next",
        "status": "state",
    },
    "orders.document": {**dict.fromkeys(("currency", "total"), "amount"), "content": "pdf"},
    "policies.policyversion": {"body": "as_shown"},
    "reviews.comment": {"rating": "stars", "user": "author"},
}
# A product's picture is edited in an inline. A document's number has its year and place. All tasks have one queue and
# one backend, and the code decides their priority.
NOT_SHOWN = {
    "catalog.product": {"image"},
    "orders.document": {"serial", "year"},
    "django_tasks_database.dbtaskresult": {"backend_name", "priority", "queue_name"},
}
# Groups are rarely changed. The list of all applications leads to them.
NOT_IN_THE_SIDEBAR = {"auth.group"}


@pytest.mark.django_db
@pytest.mark.parametrize("label", PAGES)
def test_every_edited_column_is_on_its_page(label: str) -> None:
    model, page = PAGES[label]
    request = RequestFactory().get("/")
    request.user = make_staff()
    shown = set(flatten_fieldsets(page.get_fieldsets(request, model())))
    edited = {
        field.name
        for field in (*model._meta.local_concrete_fields, *model._meta.local_many_to_many)
        if field.editable and not field.primary_key
    }
    names = SHOWN_AS.get(label, {})
    missing = {name for name in edited if names.get(name, name) not in shown} - NOT_SHOWN.get(label, set())
    assert not missing, f"The fieldsets of {type(page).__name__} lack {', '.join(sorted(missing))}."


@pytest.mark.parametrize("label", sorted(PAGES.keys() - NOT_IN_THE_SIDEBAR))
def test_the_sidebar_leads_to_every_page(label: str) -> None:
    links = {str(item["link"]).partition("?")[0] for section in NAVIGATION for item in section["items"]}
    page = label.replace(".", "_")
    assert reverse(f"admin:{page}_changelist") in links, f"backend/navigation.py has no link to {page}."
