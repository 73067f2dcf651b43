"""GraphQL over HTTP: malformed requests, origins, and reports of faults."""

import io
import json
import logging
import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.handlers.wsgi import WSGIRequest
from django.db import DatabaseError
from django.test import Client, RequestFactory
from pytest_django import Settings

from backend.http import guard
from backend.http.views import graphql
from catalog import selectors
from tests.conftest import GraphQLClient
from tests.factories import make_product

pytestmark = pytest.mark.django_db

URL = "/graphql/"
QUERY = "{ shop { currency } }"
MUTATION = "mutation { logout }"
NEW = "application/graphql-response+json"
ANSWER = {"shop": {"currency": "USD"}}


def post(client: Client, body: bytes | str, **headers: str) -> Any:
    return client.post(URL, body, content_type="application/json", headers=headers)


def code(response: Any) -> str:
    [error] = json.loads(response.content)["errors"]
    found: str = error["extensions"]["code"]
    return found


class TestRequests:
    def test_by_post(self, client: Client) -> None:
        response = post(client, json.dumps({"query": QUERY}))
        assert (response.status_code, response.json()["data"]) == (200, ANSWER)
        assert response["Content-Type"] == "application/json"

    def test_by_get(self, client: Client) -> None:
        response = client.get(URL, {"query": QUERY, "variables": "{}"})
        assert (response.status_code, response.json()["data"]) == (200, ANSWER)

    def test_a_mutation_by_get_is_not_allowed(self, client: Client) -> None:
        response = client.get(URL, {"query": MUTATION})
        assert (response.status_code, response["Allow"], code(response)) == (405, "POST", "BAD_USER_INPUT")

    @pytest.mark.parametrize("method", ["put", "delete", "patch"])
    def test_by_another_method(self, client: Client, method: str) -> None:
        response = getattr(client, method)(URL)
        assert (response.status_code, response["Allow"]) == (405, "GET, POST")

    @pytest.mark.parametrize(
        "body",
        [
            b" ",
            b"{",
            b"null",
            b"1",
            b'"query"',
            b"[]",
            b'[{"query": "{ shop { currency } }"}]',
            b"{}",
            b'{"query": null}',
            b'{"query": 1}',
            b'{"query": ["{ shop { currency } }"]}',
            b'{"query": "{ shop { currency } }", "variables": 1}',
            b'{"query": "{ shop { currency } }", "variables": [1]}',
            b'{"query": "{ shop { currency } }", "variables": "{}"}',
            b'{"query": "{ shop { currency } }", "operationName": 1}',
            b'{"query": "{ shop { currency } }", "extensions": 1}',
            b'{"query": "\xff"}',
            b"[" * 200_000,
            b'{"query": "{ product(slug: \\"a\\\\u0000b\\") { name } }"}',
            b'{"query": "{ product(slug: \\"a\\\\u{00}b\\") { name } }"}',
            b'{"query": "{ shop { currency } }", "variables": {"a": ["\\u0000"]}}',
            b'{"query": "{ shop { currency } }", "variables": {"\\ud800": 1}}',
        ],
    )
    def test_malformed_bodies(self, client: Client, body: bytes) -> None:
        response = post(client, body)
        assert (response.status_code, code(response)) == (400, "BAD_USER_INPUT")
        assert response["Content-Type"] == "application/json"

    @pytest.mark.parametrize(
        "parameters",
        [{}, {"query": ""}, {"query": QUERY, "variables": "{"}, {"query": QUERY, "variables": "1"}],
    )
    def test_malformed_parameters(self, client: Client, parameters: dict[str, str]) -> None:
        response = client.get(URL, parameters)
        assert code(response) == "BAD_USER_INPUT"

    @pytest.mark.parametrize(
        "query", ["{", "{ nothing }", "# nothing", "{ product }", "query($a: Int!) { shop }"]
    )
    def test_documents_that_cannot_run(self, client: Client, query: str) -> None:
        body = json.dumps({"query": query})
        old, new = post(client, body), post(client, body, Accept=NEW)
        assert (old.status_code, new.status_code) == (200, 400)
        assert new["Content-Type"] == NEW
        for response in (old, new):
            assert "data" not in response.json()
            assert {error["extensions"]["code"] for error in response.json()["errors"]} == {"BAD_USER_INPUT"}

    def test_an_operation_that_is_not_there(self, client: Client) -> None:
        body = json.dumps({"query": QUERY, "operationName": "Other"})
        assert code(post(client, body)) == "BAD_USER_INPUT"
        assert post(client, body, Accept=NEW).status_code == 400

    def test_of_several_operations_the_named_one_runs(self, client: Client) -> None:
        document = "query A { shop { currency } } query B { shop { guestCheckout } }"
        assert code(post(client, json.dumps({"query": document}))) == "BAD_USER_INPUT"
        response = post(client, json.dumps({"query": document, "operationName": "B"}))
        assert response.json()["data"] == {"shop": {"guestCheckout": True}}

    def test_other_content_types(self, client: Client) -> None:
        response = client.post(
            URL, QUERY, content_type="application/graphql", headers={"Apollo-Require-Preflight": "1"}
        )
        assert response.status_code == 415

    def test_too_large(self, client: Client, settings: Settings) -> None:
        settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100
        assert post(client, json.dumps({"query": QUERY + " " * 100})).status_code == 413

    @pytest.mark.parametrize(
        ("accept", "media_type"),
        [
            (NEW, NEW),
            (f"{NEW},application/json;q=0.9", NEW),
            (f"application/json, {NEW}", "application/json"),
            (f"application/json;q=0.5, {NEW};q=0.4", "application/json"),
            (f"{NEW};q=0, application/json", "application/json"),
            ("*/*", "application/json"),
            ("text/html", "application/json"),
            ("nonsense", "application/json"),
        ],
    )
    def test_media_type_is_the_clients_choice(self, client: Client, accept: str, media_type: str) -> None:
        response = post(client, json.dumps({"query": QUERY}), Accept=accept)
        assert (response.status_code, response["Content-Type"]) == (200, media_type)

    def test_text_that_only_looks_like_nul(self, api: GraphQLClient) -> None:
        product = make_product(name="lamp")
        query = "query($slug: String!) { product(slug: $slug) { name } }"
        assert api.run(query, slug=r"\u0000") == {"product": None}
        assert api.run(query, slug=product.slug) == {"product": {"name": "lamp"}}


class TestMultipart:
    OPERATIONS = json.dumps({"query": QUERY, "variables": {"file": None}})

    def send(self, client: Client, operations: str, places: str, **headers: str) -> Any:
        form = {"operations": operations, "map": places, "0": SimpleUploadedFile("a.txt", b"text")}
        return client.post(URL, form, headers={"Apollo-Require-Preflight": "1", **headers})

    def test_is_answered(self, client: Client) -> None:
        assert self.send(client, self.OPERATIONS, '{"0": ["variables.file"]}').json()["data"] == ANSWER

    @pytest.mark.parametrize(
        "places",
        [
            *("", "{", "null", "1", "[]", '{"0": 1}', '{"1": ["variables.file"]}', '{"0": ["a.b"]}'),
            *(
                '{"0": ["variables.file.5"]}',
                '{"0": ["variables.file.-1"]}',
                '{"0": ["variables.file.name"]}',
            ),
            *(
                '{"0": ["query"]}',
                '{"0": ["variables"]}',
                '{"0": ["operationName"]}',
                '{"0": ["extensions"]}',
            ),
        ],
    )
    def test_bad_maps(self, client: Client, places: str) -> None:
        response = self.send(client, self.OPERATIONS, places)
        assert (response.status_code, code(response)) == (400, "BAD_USER_INPUT")

    @pytest.mark.parametrize(
        "document",
        [
            "query($file: String!) { category(slug: $file) { id } }",
            "query($file: ID!) { node(id: $file) { id } }",
            "query($file: UUID!) { order(uuid: $file) { id } }",
            "query($file: Int) { products(first: $file) { totalCount } }",
            "query($file: Float) { products(filter: {minRating: $file}) { totalCount } }",
            "query($file: Boolean) { products(filter: {onSale: $file}) { totalCount } }",
            "query($file: Decimal) { products(filter: {minPrice: $file}) { totalCount } }",
            "query($file: DateTime) { products(filter: {addedAfter: $file}) { totalCount } }",
            "query($file: ProductSort!) { products(sort: $file) { totalCount } }",
            "query($file: ProductFilter) { products(filter: $file) { totalCount } }",
        ],
    )
    def test_a_file_where_none_belongs(self, client: Client, document: str) -> None:
        operations = json.dumps({"query": document, "variables": {"file": None}})
        response = self.send(client, operations, '{"0": ["variables.file"]}')
        assert (response.status_code, code(response)) == (200, "BAD_USER_INPUT")

    def test_the_guards_refusal_of_a_part_is_told(self) -> None:
        body = b"--B\r\nContent-Type: text/plain; charset=punycode\r\n\r\nx\r\n--B--\r\n"
        request = RequestFactory().generic(
            "POST",
            URL,
            body,
            content_type="multipart/form-data; boundary=B",
            HTTP_APOLLO_REQUIRE_PREFLIGHT="1",
        )
        guard.check_body(request.environ)
        answer = graphql(WSGIRequest(request.environ))
        assert (answer.status_code, code(answer)) == (415, "BAD_USER_INPUT")
        assert b"UTF-8" in answer.content

    @pytest.mark.parametrize("operations", ["", "{", "null", "1", "[]"])
    def test_bad_operations(self, client: Client, operations: str) -> None:
        assert self.send(client, operations, '{"0": ["variables.file"]}').status_code == 400

    def test_too_many_parts(self, client: Client) -> None:
        form = {str(number): "" for number in range(1100)}
        response = client.post(URL, form, headers={"Apollo-Require-Preflight": "1"})
        assert (response.status_code, code(response)) == (400, "BAD_USER_INPUT")

    @pytest.mark.parametrize("content_type", ["multipart/form-data", "multipart/form-data; boundary=é"])
    def test_no_boundary(self, client: Client, content_type: str) -> None:
        response = client.post(
            URL, b"--a\r\n", content_type=content_type, headers={"Apollo-Require-Preflight": "1"}
        )
        assert (response.status_code, code(response)) == (400, "BAD_USER_INPUT")

    def test_needs_the_header_that_no_form_can_set(self, client: Client) -> None:
        form = {"operations": json.dumps({"query": MUTATION}), "map": "{}"}
        assert client.post(URL, form).status_code == 403
        assert client.post(URL, "query", content_type="text/plain").status_code == 403


class TestOrigins:
    """A browser sends cookies along with a request from any page; the Origin names the page's site."""

    @pytest.mark.parametrize(
        ("headers", "status"),
        [
            ({}, 200),
            ({"Origin": "http://testserver"}, 200),
            ({"Origin": "http://shop.example"}, 200),
            ({"Origin": "https://testserver"}, 403),
            ({"Origin": "http://testserver:8080"}, 403),
            ({"Origin": "http://testserver.evil.example"}, 403),
            ({"Origin": "http://evil.example"}, 403),
            ({"Origin": "null"}, 403),
            ({"Origin": ""}, 403),
            ({"Sec-Fetch-Site": "same-origin"}, 200),
            ({"Sec-Fetch-Site": "none"}, 200),
            ({"Sec-Fetch-Site": "same-site"}, 403),
            ({"Sec-Fetch-Site": "cross-site"}, 403),
        ],
    )
    def test_who_may_send(
        self, client: Client, settings: Settings, headers: dict[str, str], status: int
    ) -> None:
        settings.STORE_ORIGINS = ["http://shop.example"]
        assert post(client, json.dumps({"query": MUTATION}), **headers).status_code == status
        assert client.get(URL, {"query": QUERY}, headers=headers).status_code == status


class TestFaults:
    """A fault of ours is masked, and logged once with the request's id."""

    SECRET = "password=hunter2"  # as a driver's error might read

    def test_are_masked_and_logged_once(
        self, client: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        def broken() -> None:
            raise DatabaseError(self.SECRET)

        monkeypatch.setattr(selectors, "categories", broken)
        body = {"query": "query Broken { categories { name } }", "operationName": "Broken"}
        with caplog.at_level(logging.INFO):
            response = post(client, json.dumps(body))
        request_id = response["X-Request-Id"]
        [error] = response.json()["errors"]
        assert error["message"] == "Something went wrong on our side."
        assert error["path"] == ["categories"]
        assert error["extensions"] == {"code": "INTERNAL", "requestId": request_id}
        assert self.SECRET not in response.content.decode()
        [record] = [record for record in caplog.records if record.levelno >= logging.ERROR]
        assert request_id in record.getMessage()
        assert "Broken" in record.getMessage()
        assert record.exc_info is not None
        assert str(record.exc_info[1]) == self.SECRET

    def test_outside_of_the_resolvers(
        self, client: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        def broken(*_: object, **__: object) -> None:
            raise TypeError(self.SECRET)

        monkeypatch.setattr("backend.http.documents.weigh", broken)
        response = post(client, json.dumps({"query": f"{QUERY} # of which nothing is kept yet"}))
        assert code(response) == "INTERNAL"
        assert self.SECRET not in response.content.decode()
        assert [record.name for record in caplog.records if record.exc_info] == ["backend.faults"]

    def test_leave_the_rest_of_the_answer(self, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
        def broken(*_: object) -> None:
            raise RuntimeError

        monkeypatch.setattr(selectors, "products", broken)
        body = {"query": '{ product(slug: "a") { name } shop { currency } }'}
        answer = post(client, json.dumps(body), Accept=NEW)
        assert answer.status_code == 200
        assert answer.json()["data"] == {"product": None, "shop": {"currency": "USD"}}

    def test_mistakes_of_clients_are_not_logged(
        self, api: GraphQLClient, caplog: pytest.LogCaptureFixture
    ) -> None:
        with caplog.at_level(logging.INFO):
            assert api.expect_refusal("{ products(first: 0) { totalCount } }") == "BAD_USER_INPUT"
            assert api.expect_refusal("{ nothing }") == "BAD_USER_INPUT"
        assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []

    @pytest.mark.parametrize(
        ("path", "host", "body"),
        [
            (URL, "evil.example", b"{}"),
            ("/stripe/webhook/", "testserver", b" " * 2_000_000),
            (URL, "testserver", b" " * 2_000_000),
        ],
    )
    def test_what_anybody_can_send_is_no_error_in_the_log(
        self, client: Client, monkeypatch: pytest.MonkeyPatch, path: str, host: str, body: bytes
    ) -> None:
        [console] = [handler for handler in logging.getLogger().handlers if handler.name == "console"]
        assert isinstance(console, logging.StreamHandler)
        log = io.StringIO()
        monkeypatch.setattr(console, "stream", log)
        client.post(path, body, content_type="application/json", headers={"Host": host})
        levels = {line.split()[0] for line in log.getvalue().splitlines() if line.startswith(tuple("CEW"))}
        assert levels == {"WARNING"}

    def test_each_request_has_its_id(self, client: Client) -> None:
        first, second = (post(client, json.dumps({"query": QUERY}))["X-Request-Id"] for _ in range(2))
        assert len(first) == 32
        assert first != second


class TestGraphiql:
    def test_comes_from_here_alone(self, client: Client) -> None:
        page = client.get("/graphiql/").content.decode()
        addresses = re.findall(r'(?:src|href)="([^"]+)"', page)
        assert addresses
        assert all(
            address == "data:," or (address.startswith("/") and not address.startswith("//"))
            for address in addresses
        )

    def test_can_be_switched_off(self, client: Client, settings: Settings) -> None:
        assert client.get("/graphiql/").status_code == 200
        settings.STORE_GRAPHIQL = False
        assert client.get("/graphiql/").status_code == 404


class TestIndex:
    def test_in_development_it_leads_everywhere(self, client: Client, settings: Settings) -> None:
        settings.DEBUG = True
        page = client.get("/").content.decode()
        links = re.findall(r'href="(/[^"]*)"', page)
        assert {"/graphiql/", "/admin/", "/dev/stripe/", "/dev/mail/", "/readyz", "/docs/apollo.md"} <= set(
            links
        )
        assert any(link.startswith("/graphql/?") for link in links)
        for link in links:
            assert client.get(link, follow=True).status_code == 200, link

    def test_in_production_it_leads_to_the_front_end(self, client: Client, settings: Settings) -> None:
        settings.STORE_FRONTEND_URL = "https://shop.example"
        answer = client.get("/")
        assert (answer.status_code, answer["Location"]) == (302, "https://shop.example")
        assert client.get("/docs/apollo.md").status_code == 404

    @pytest.mark.parametrize("url", ["http://testserver", "http://testserver/"])
    def test_but_not_in_a_circle(self, client: Client, settings: Settings, url: str) -> None:
        settings.STORE_FRONTEND_URL = url
        assert client.get("/").status_code == 404

    @pytest.mark.parametrize("name", ["settings.py", "..", "nothing.md", "%2e%2e%2fREADME.md"])
    def test_no_other_file_is_shown(self, client: Client, settings: Settings, name: str) -> None:
        settings.DEBUG = True
        assert client.get(f"/docs/{name}").status_code == 404
