"""CORS: front ends may read the API and the pictures, and nothing else."""

import pytest
from django.conf import settings
from django.test import Client

pytestmark = pytest.mark.django_db

QUERY = "{ shop { currency } }"


class TestCors:
    def test_what_apollo_client_sends_is_allowed_to_the_front_ends(self, client: Client) -> None:
        sent = {
            "accept",
            "apollo-require-preflight",
            "apollographql-client-name",
            "apollographql-client-version",
            "content-type",
        }
        for origin, allowed in ((settings.STORE_ORIGINS[0], True), ("https://elsewhere.example", False)):
            answer = client.options(
                "/graphql/",
                headers={
                    "Origin": origin,
                    "Access-Control-Request-Method": "POST",
                    "Access-Control-Request-Headers": ",".join(sorted(sent)),
                },
            )
            assert (answer.get("Access-Control-Allow-Origin") == origin) is allowed
            assert (answer.get("Access-Control-Allow-Credentials") == "true") is allowed
            headers = set(answer.get("Access-Control-Allow-Headers", "").split(", "))
            assert (sent <= headers) is allowed

    @pytest.mark.parametrize(
        ("path", "readable"),
        [
            *(("/graphql/", True), ("/graphql", True), ("/media/a.webp", True)),
            *(
                ("/", False),
                ("/admin/", False),
                ("/admin/login/", False),
                ("/healthz", False),
                ("/readyz", False),
            ),
            *(
                ("/graphiql/", False),
                ("/graphql/x", False),
                ("/admin/graphql/", False),
                ("/dev/stripe/", False),
            ),
        ],
    )
    def test_a_front_end_reads_the_api_and_pictures_alone(
        self, client: Client, path: str, readable: bool
    ) -> None:
        headers = {"Origin": settings.STORE_ORIGINS[0]}
        preflight = {**headers, "Access-Control-Request-Method": "POST"}
        for answer in (client.get(path, headers=headers), client.options(path, headers=preflight)):
            assert ("Access-Control-Allow-Origin" in answer) is readable

    def test_a_front_end_cannot_post_to_the_admin(self) -> None:
        browser = Client(enforce_csrf_checks=True)
        token = browser.get("/admin/login/", headers={"Host": "localhost"}).cookies["csrftoken"].value
        for origin, status in (("http://localhost", 200), (settings.STORE_ORIGINS[0], 403)):
            form = {"username": "a@example.com", "password": "a", "csrfmiddlewaretoken": token}
            answer = browser.post("/admin/login/", form, headers={"Host": "localhost", "Origin": origin})
            assert answer.status_code == status

    def test_the_id_of_a_request_and_the_session_can_be_read(self, client: Client) -> None:
        answer = client.get("/graphql/", {"query": QUERY}, headers={"Origin": settings.STORE_ORIGINS[0]})
        assert answer["Access-Control-Expose-Headers"] == "x-request-id, x-store-session"
