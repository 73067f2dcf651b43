"""Mail servers that refuse, hang and drop: each mail arrives once, and twice only if its acceptance was lost."""

from collections import Counter

import pytest
from django_tasks_db.models import DBTaskResult

from accounts.tasks import mail_password_reset
from core.tasks import enqueue
from orders.models import OrderMail
from tests.conftest import GraphQLClient
from tests.factories import make_product, make_user
from tests.orders.conftest import ADDRESS, Bank, add_to_cart, checkout
from tests.workers.conftest import Start, wait_until
from tests.workers.smtp import MailServer, Mode

pytestmark = pytest.mark.slow

EMAILS = [f"shopper{number}@example.com" for number in range(8)]


@pytest.fixture(autouse=True)
def _mails(start: Start) -> None:
    """Let as many mails be on their way as there are EMAILS: confirmations, and one about an account."""
    *shoppers, person = EMAILS
    product, bank = make_product(stock=100), Bank()
    for email in shoppers:
        api = GraphQLClient()
        add_to_cart(api, product)
        bank.pay(checkout(api, shipping={**ADDRESS, "email": email})["uuid"])
    make_user(email=person, password="open sesame")
    enqueue(mail_password_reset, person)


def are_done() -> bool:
    mails = DBTaskResult.objects.filter(task_path__contains="mail")
    return mails.successful().count() == len(EMAILS) == mails.count()


@pytest.mark.parametrize("mode", ["refuse", "refuse_for_good", "hang", "drop_before"])
def test_each_arrives_once_when_the_server_is_back(start: Start, server: MailServer, mode: Mode) -> None:
    server.mode = mode
    start(threads=4)
    wait_until(lambda: server.attempts > len(EMAILS))
    assert server.mails == []
    server.mode = "accept"
    wait_until(are_done)
    assert server.recipients() == EMAILS
    assert not OrderMail.objects.filter(mailed_at=None).exists()


def test_none_twice_but_where_the_acceptance_was_lost(start: Start, server: MailServer) -> None:
    server.mode = "drop_after"
    start(threads=1)
    wait_until(lambda: len(server.mails) >= 2)
    server.mode = "accept"
    wait_until(are_done)
    counts = Counter(server.recipients())
    assert sorted(counts) == EMAILS
    assert sum(counts.values()) == server.attempts


def test_a_worker_that_is_killed_while_the_server_thinks(start: Start, server: MailServer) -> None:
    server.mode = "hold"
    killed = start(threads=2)
    wait_until(lambda: server.attempts >= 2)
    killed.kill()
    server.mode = "accept"
    start()
    wait_until(are_done)
    assert server.recipients() == EMAILS
