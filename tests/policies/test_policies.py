"""The policies of a shop: what shoppers are shown, and which version an order was placed under."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db.models import ProtectedError
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from orders.models import Order
from policies.markdown import render
from policies.models import MAX_BODY, Policy, PolicyVersion
from policies.selectors import versions_at
from policies.services import save_policy
from tests.conftest import GraphQLClient
from tests.factories import make_user
from tests.hostile import hostile_strings
from tests.staff import clerk, form_on

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
POLICIES = "{ shop { policies { slug title body updatedAt } } }"


def make_policy(
    slug: str = "terms", body: str = "Pay **first**.", *, now: datetime = NOW, position: int = 0
) -> Policy:
    policy = Policy(slug=slug, title=slug.title(), body=body, position=position)
    save_policy(policy, now=now)
    return policy


class TestShop:
    def test_shows_them_in_order_as_html(self, api: GraphQLClient) -> None:
        make_policy("terms", position=2)
        make_policy("imprint", "Ada & Co.\n\n| a | b |\n|---|---|\n| 1 | 2 |", position=1)
        make_policy("returns", "")
        imprint, terms = api.run(POLICIES)["shop"]["policies"]
        assert terms == {
            "slug": "terms",
            "title": "Terms",
            "body": "<p>Pay <strong>first</strong>.</p>\n",
            "updatedAt": "2026-03-01T12:00:00+00:00",
        }
        assert imprint["body"].startswith("<p>Ada &amp; Co.</p>\n<table>")

    def test_takes_one_statement(
        self, api: GraphQLClient, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        for number in range(3):
            make_policy(f"text-{number}")
        with django_assert_num_queries(1):
            api.run(POLICIES)


class TestRender:
    @pytest.mark.parametrize(
        "text",
        [
            "<script>alert(1)</script>",
            "<img src=x onerror=alert(1)>",
            "[here](javascript:alert(1))",
            "[here](JaVaScRiPt&colon;alert(1))",
            "[here](data:text/html;base64,PHNjcmlwdD4=)",
            "[here](vbscript:x)",
            '[here](https://example.com "x\\" onmouseover=alert(1)")',
            "![x](javascript:alert(1))",
            '<https://example.com/"onclick=alert(1)>',
        ],
    )
    def test_runs_no_script(self, text: str) -> None:
        html = render(text).lower()
        live = (
            "<script",
            "<img src=x",
            *('="javascript', '="data', '="vbscript'),
            '" onmouseover',
            '"onclick',
        )
        assert [part for part in live if part in html] == []

    def test_takes_hostile_strings(self) -> None:
        for text in hostile_strings():
            assert "<script" not in render(text).lower()


class TestSavePolicy:
    def test_keeps_each_text_that_there_was(self) -> None:
        policy = make_policy(body="One.")
        policy.body = "Two."
        save_policy(policy, now=NOW + DAY)
        policy.position = 7
        save_policy(policy, now=NOW + 2 * DAY)
        assert [*PolicyVersion.objects.values_list("body", "created_at")] == [
            ("Two.", NOW + DAY),
            ("One.", NOW),
        ]

    def test_the_version_of_a_moment(self) -> None:
        policy = make_policy(body="One.")
        policy.body = "Two."
        save_policy(policy, now=NOW + DAY)
        found = [versions_at(NOW + days * DAY, slug="terms").first() for days in (-1, 0, 0.5, 1, 9)]
        assert [version and version.body for version in found] == [None, "One.", "One.", "Two.", "Two."]

    def test_is_not_deleted(self) -> None:
        policy = make_policy()
        with pytest.raises(ProtectedError):
            policy.delete()
        assert (Policy.objects.count(), PolicyVersion.objects.count()) == (1, 1)


class TestAdmin:
    def test_writes_a_version_for_each_text(self, superuser: Client) -> None:
        add = reverse("admin:policies_policy_add")
        assert (
            superuser.post(
                add, {"title": "Terms", "slug": "terms", "body": "Pay.", "position": 0}
            ).status_code
            == 302
        )
        policy = Policy.objects.get()
        page = reverse("admin:policies_policy_change", args=[policy.pk])
        assert "<p>Pay.</p>" in superuser.get(page).text
        assert superuser.post(page, form_on(superuser.get(page).text, body="Pay soon.")).status_code == 302
        assert superuser.post(page, form_on(superuser.get(page).text)).status_code == 302
        assert [*PolicyVersion.objects.values_list("body", flat=True)] == ["Pay soon.", "Pay."]

    def test_a_text_that_is_too_long_is_refused(self, superuser: Client) -> None:
        add = reverse("admin:policies_policy_add")
        form = {"title": "Terms", "slug": "terms", "body": "x" * (MAX_BODY + 1), "position": 0}
        assert superuser.post(add, form).status_code == 200
        assert not Policy.objects.exists()

    def test_nobody_deletes_policies_or_changes_versions(self, superuser: Client) -> None:
        version = PolicyVersion.objects.get(policy=make_policy())
        assert (
            superuser.post(reverse("admin:policies_policy_delete", args=[version.policy_id])).status_code
            == 403
        )
        page = reverse("admin:policies_policyversion_change", args=[version.pk])
        assert "Pay <strong>first</strong>" in superuser.get(page).text
        assert superuser.post(page, {"title": "Other"}).status_code == 403
        assert (
            superuser.post(reverse("admin:policies_policyversion_delete", args=[version.pk])).status_code
            == 403
        )
        version.refresh_from_db()
        assert version.title == "Terms"

    def test_takes_the_right_to(self) -> None:
        policy = make_policy()
        page = reverse("admin:policies_policy_change", args=[policy.pk])
        assert clerk("view_order").get(page).status_code == 403
        assert clerk("view_policy").get(page).status_code == 200
        assert clerk("view_policy").post(page, {"title": "Other"}).status_code == 403

    def test_an_order_leads_to_the_terms_it_was_placed_under(self, superuser: Client) -> None:
        policy = make_policy(body="Old terms.", now=timezone.now() - DAY)
        order = Order.objects.create(user=make_user(), currency="USD")
        policy.body = "New terms."
        save_policy(policy, now=timezone.now() + DAY)
        old = PolicyVersion.objects.get(body="Old terms.")
        page = superuser.get(reverse("admin:orders_order_change", args=[order.pk])).text
        assert reverse("admin:policies_policyversion_change", args=[old.pk]) in page
