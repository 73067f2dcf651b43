"""Apollo's automatic persisted queries, as its link sends them."""

import json
from hashlib import sha256
from typing import Any

import pytest
from django.core.cache import caches
from django.test import Client
from pytest_django import Settings

from backend.http import persisted
from core.budget import Budget

pytestmark = pytest.mark.django_db

URL = "/graphql/"
QUERY = "{ shop { currency } }"
DATA = {"shop": {"currency": "USD"}}
NEW = "application/graphql-response+json"


def digest(query: str) -> str:
    return sha256(query.encode()).hexdigest()


def extensions(hash_: object) -> dict[str, Any]:
    return {"persistedQuery": {"version": 1, "sha256Hash": hash_}}


def post(client: Client, hash_: object, query: str | None = None, **headers: str) -> Any:
    body = {"extensions": extensions(hash_)} | ({"query": query} if query else {})
    return client.post(URL, body, content_type="application/json", headers=headers)


def get(client: Client, hash_: str, query: str | None = None) -> Any:
    parameters = {"extensions": json.dumps(extensions(hash_))} | ({"query": query} if query else {})
    return client.get(URL, parameters)


def code(response: Any) -> str:
    [error] = response.json()["errors"]
    found: str = error["extensions"]["code"]
    return found


class TestByHash:
    @pytest.mark.parametrize("send", [get, post])
    def test_unknown_then_sent_along_then_known(self, client: Client, send: Any) -> None:
        unknown = send(client, digest(QUERY))
        assert unknown.json() == {
            "errors": [
                {
                    "message": "PersistedQueryNotFound",
                    "extensions": {"code": "PERSISTED_QUERY_NOT_FOUND"},
                }
            ]
        }
        assert unknown.status_code == 200
        assert send(client, digest(QUERY), QUERY).json()["data"] == DATA
        assert send(client, digest(QUERY)).json()["data"] == DATA

    def test_unknown_in_the_new_media_type(self, client: Client) -> None:
        unknown = post(client, digest(QUERY), Accept=NEW)
        assert (unknown.status_code, code(unknown)) == (400, "PERSISTED_QUERY_NOT_FOUND")

    def test_what_one_client_sent_another_may_name(self, client: Client) -> None:
        post(client, digest(QUERY), QUERY)
        assert get(Client(), digest(QUERY)).json()["data"] == DATA

    def test_a_mutation_stays_one_for_post(self, client: Client) -> None:
        mutation = "mutation { logout }"
        assert post(client, digest(mutation), mutation).json()["data"] == {"logout": True}
        refused = get(client, digest(mutation))
        assert (refused.status_code, refused["Allow"]) == (405, "POST")


class TestRefusals:
    def test_another_documents_hash(self, client: Client) -> None:
        assert code(post(client, digest("{ me { id } }"), QUERY)) == "BAD_USER_INPUT"
        assert code(post(client, digest("{ me { id } }"))) == "PERSISTED_QUERY_NOT_FOUND"

    @pytest.mark.parametrize("hash_", [None, 1, "", "a" * 63, "G" * 64, {"a": 1}, "a" * 65])
    def test_no_hash(self, client: Client, hash_: object) -> None:
        response = post(client, hash_)
        assert (response.status_code, code(response)) == (400, "BAD_USER_INPUT")

    @pytest.mark.parametrize("named", [1, "hash", [], {}])
    def test_no_object(self, client: Client, named: object) -> None:
        body = {"query": QUERY, "extensions": {"persistedQuery": named}}
        response = client.post(URL, body, content_type="application/json")
        assert (response.status_code, code(response)) == (400, "BAD_USER_INPUT")

    @pytest.mark.parametrize("query", ["{", "{ nothing }", "{ shop { currency } } #" + "x" * 20_000])
    def test_documents_that_cannot_run_are_not_kept(self, client: Client, query: str) -> None:
        post(client, digest(query), query)
        assert code(post(client, digest(query))) == "PERSISTED_QUERY_NOT_FOUND"


@pytest.mark.usefixtures("cache")
class TestKeep:
    def test_one_address_may_not_drive_out_all_others(
        self, client: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        budget = Budget(name="persist", limit=2 * persisted.MIN_BYTES, seconds=persisted.HOUR)
        monkeypatch.setattr(persisted, "BYTES", budget)
        queries = [f"{{ shop {{ a{number}: currency }} }}" for number in range(3)]
        for query in [*queries, queries[0]]:
            assert "data" in post(client, digest(query), query).json()
        kept = [caches["documents"].get(digest(query)) for query in queries]
        assert kept == [*queries[:2], None]
        elsewhere = Client(REMOTE_ADDR="198.51.100.7")
        post(elsewhere, digest(queries[2]), queries[2])
        assert caches["documents"].get(digest(queries[2])) == queries[2]

    def test_an_address_is_bounded_in_bytes(self, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(persisted, "BYTES", Budget(name="persist", limit=30_000, seconds=persisted.HOUR))
        queries = [f"{{ shop {{ currency }} }} #{number}{'x' * 14_000}" for number in range(3)]
        for query in queries:
            post(client, digest(query), query)
        assert [caches["documents"].get(digest(query)) is None for query in queries] == [False, False, True]

    def test_the_oldest_is_replaced(self, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(persisted, "MAX_DOCUMENTS", 3)
        queries = [f"{{ shop {{ a{number}: currency }} }}" for number in range(7)]
        for query in queries:
            for _ in range(2):  # the same document does not take a second place
                post(client, digest(query), query)
        kept = [query for query in queries if caches["documents"].get(digest(query))]
        assert kept == queries[-3:]

    def test_in_memory_there_is_room_for_all(self, settings: Settings) -> None:
        most = settings.CACHES["documents"].get("OPTIONS", {}).get("MAX_ENTRIES", 2 * 10**9)
        assert most > 2 * persisted.MAX_DOCUMENTS
