"""/dev/stripe/ as a developer's browser uses it, with the store's own endpoint behind a real server."""

import re
import runpy
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from django.conf import settings as project
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings
from pytest_django.live_server_helper import LiveServer

from orders.payments.gateway import fake
from tests.conftest import GraphQLClient
from tests.factories import make_product
from tests.orders.conftest import add_to_cart, checkout, status_of

pytestmark = pytest.mark.django_db(transaction=True)

CONFIRM = ["Pay", "Decline", "3-D Secure", "Processing"]
COMPLETE = ["Complete", "Refuse"]


class Page:
    """The page in a browser at the live server, which therefore receives the webhooks."""

    def __init__(self, url: str) -> None:
        host = urlsplit(url).netloc
        self.client = Client(enforce_csrf_checks=True, raise_request_exception=False, headers={"host": host})

    def html(self) -> str:
        response = self.client.get("/dev/stripe/")
        assert response.status_code == 200
        return response.text

    def buttons(self) -> list[str]:
        return re.findall(r'<button name="button" value="([^"]+)">\1</button>', self.html())

    def press(self, order: str, button: str) -> str:
        """Press the button, and return the next page."""
        [token, *_] = re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', self.html())
        response = self.client.post(
            f"/dev/stripe/{order}/", {"button": button, "csrfmiddlewaretoken": token}, follow=True
        )
        assert response.redirect_chain == [("/dev/stripe/", 302)]
        return response.text


@pytest.fixture
def page(live_server: LiveServer) -> Page:
    return Page(live_server.url)


@pytest.fixture
def order(api: GraphQLClient) -> str:
    """The uuid of a pending order."""
    return place(api)


def place(api: GraphQLClient) -> str:
    add_to_cart(api, make_product())
    uuid: str = checkout(api)["uuid"]
    return uuid


class TestStripePage:
    def test_without_orders(self, page: Page) -> None:
        assert "There are no unpaid orders." in page.html()

    def test_newest_first_with_amount_and_status(self, page: Page, api: GraphQLClient) -> None:
        orders = [place(api), place(api)]
        html = page.html()
        assert re.findall(r"<code>([-0-9a-f]{36})</code>", html) == orders[::-1]
        assert html.count("10.00 USD") == 2
        assert html.count("<td>Pending<") == 2
        assert page.buttons() == CONFIRM * 2

    def test_paid_order_is_not_listed(self, page: Page, order: str) -> None:
        page.press(order, "Pay")
        assert "There are no unpaid orders." in page.html()

    def test_payment_that_is_not_started(self, page: Page, api: GraphQLClient) -> None:
        fake().inject("rate_limit")
        place(api)
        assert page.buttons() == []
        assert "retryPayment" in page.html()

    def test_same_statements_for_any_number(
        self, page: Page, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        for _ in range(3):
            with django_assert_num_queries(1):
                page.html()
            place(GraphQLClient())

    @pytest.mark.parametrize(("allowed", "key"), [(True, "sk_test_of_an_account"), (False, "")])
    def test_exists_with_the_fake_alone(self, settings: Settings, allowed: bool, key: str) -> None:
        def names() -> set[str | None]:
            patterns = runpy.run_path(str(project.BASE_DIR / "backend/urls.py"))["urlpatterns"]
            return {getattr(pattern, "name", None) for pattern in patterns}

        assert "dev-stripe" in names()
        settings.STRIPE_FAKE_ALLOWED, settings.STRIPE_SECRET_KEY = allowed, key
        assert not names() & {"dev-stripe", "dev-stripe-act"}


class TestStripeAct:
    def test_pay(self, page: Page, order: str) -> None:
        assert f"Order {order} is SHIPPED, its payment SUCCEEDED." in page.press(order, "Pay")
        assert status_of(order) == "shipped"

    def test_decline(self, page: Page, order: str) -> None:
        assert "its payment FAILED: Your card was declined." in page.press(order, "Decline")
        assert page.buttons() == CONFIRM

    @pytest.mark.parametrize("first", ["3-D Secure", "Processing"])
    @pytest.mark.parametrize(("second", "status"), [("Complete", "shipped"), ("Refuse", "pending")])
    def test_two_steps(self, page: Page, order: str, first: str, second: str, status: str) -> None:
        page.press(order, first)
        assert page.buttons() == COMPLETE
        page.press(order, second)
        assert status_of(order) == status

    def test_page_that_is_out_of_date(self, page: Page, order: str, api: GraphQLClient) -> None:
        place(api)
        page.press(order, "Pay")
        assert "already succeeded" in page.press(order, "Pay")
        assert status_of(order) == "shipped"

    def test_unknown_order(self, page: Page, order: str) -> None:
        stranger = str(uuid4())
        assert f"Order {stranger} has no live payment." in page.press(stranger, "Pay")

    def test_webhook_that_is_not_taken(self, page: Page, order: str) -> None:
        fake().inject("rate_limit", match="GET *", times=None)
        assert "did not accept all of the webhooks" in page.press(order, "Pay")
        assert status_of(order) == "pending"

    @pytest.mark.parametrize("data", [{}, {"button": "Steal"}])
    def test_no_such_button(self, order: str, data: dict[str, str]) -> None:
        assert Client().post(f"/dev/stripe/{order}/", data).status_code == 400
        assert len(fake().events()) == 1

    def test_without_the_token(self, page: Page, order: str) -> None:
        response = page.client.post(f"/dev/stripe/{order}/", {"button": "Pay"})
        assert response.status_code == 403
        assert len(fake().events()) == 1

    def test_by_get(self, order: str) -> None:
        assert Client().get(f"/dev/stripe/{order}/", {"button": "Pay"}).status_code == 405


class TestWayBack:
    """A front end sends its shopper here as to a bank's page."""

    def press(self, page: Page, order: str, button: str, way_back: str) -> str:
        """Press the button, and return the address that the browser goes to."""
        html = page.client.get("/dev/stripe/", {"order": order, "next": way_back}).text
        [token, *_] = re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', html)
        data = {"button": button, "next": way_back, "csrfmiddlewaretoken": token}
        return page.client.post(f"/dev/stripe/{order}/", data).headers["Location"]

    def test_the_page_has_that_order_alone(self, page: Page, order: str, api: GraphQLClient) -> None:
        other = place(api)
        html = page.client.get("/dev/stripe/", {"order": order, "next": f"/orders/{order}"}).text
        assert order in html
        assert other not in html
        assert f'href="/orders/{order}"' in html

    def test_a_payment_leads_back(self, page: Page, order: str) -> None:
        assert self.press(page, order, "Pay", "/orders/x") == "/orders/x"
        assert status_of(order) == "shipped"

    def test_the_second_step_is_here(self, page: Page, order: str) -> None:
        address = self.press(page, order, "3-D Secure", "/orders/x")
        assert address == f"/dev/stripe/?order={order}&next=%2Forders%2Fx"
        assert self.press(page, order, "Complete", "/orders/x") == "/orders/x"

    @pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example", "javascript:alert(1)"])
    def test_it_leads_to_no_other_site(self, page: Page, order: str, elsewhere: str) -> None:
        assert "evil" not in page.client.get("/dev/stripe/", {"order": order, "next": elsewhere}).text
        assert self.press(page, order, "Pay", elsewhere) == "/dev/stripe/"

    def test_an_order_that_is_no_uuid(self) -> None:
        assert Client().get("/dev/stripe/", {"order": "1"}).status_code == 400
