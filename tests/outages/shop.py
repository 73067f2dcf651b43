"""A shop in a server as production starts it, and a client that keeps its cookies."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.client import HTTPConnection
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any

from django.conf import settings

from tests.benchmarks.load.server import Server, serving

MAKE = """
from tests.factories import make_product, make_user
make_product(name="Cup", slug="cup", stock=100)
make_user(email="ada@example.com", password="a long passphrase")
"""
CUP = '{ product(slug: "cup") { id } }'
ADD = "mutation($id: ID!) { addToCart(input: {productId: $id, quantity: 1}) { __typename } }"
LOGIN = """
mutation { login(input: {email: "ada@example.com", password: "a long passphrase"}) { __typename } }
"""
ME = "{ me { email } }"


@contextmanager
def shop(folder: Path, environment: Mapping[str, str]) -> Iterator[Server]:
    """Migrate the database, add a product and an account, and serve them with two workers."""
    environment = {"DEBUG": "true", "STORE_REVISION_FILE": str(folder / "revision"), **environment}
    for command in (["migrate", "--verbosity", "0"], ["shell", "-c", MAKE]):
        subprocess.run(
            [sys.executable, "manage.py", *command],
            cwd=settings.BASE_DIR,
            env={**os.environ, **environment},
            check=True,
            capture_output=True,
        )
    log = folder / "store.log"
    with serving("backend.wsgi:application", environment=environment, log=log, workers=2) as server:
        yield server


class Browser:
    """A browser of the shop, with a connection for each request, so that any worker may answer it."""

    def __init__(self, server: Server) -> None:
        self.port = server.port
        self.cookies = SimpleCookie()

    def send(self, document: str, **variables: object) -> dict[str, Any]:
        headers = {"Content-Type": "application/json"}
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{name}={cookie.value}" for name, cookie in self.cookies.items())
        http = HTTPConnection("127.0.0.1", self.port, timeout=60)
        http.request("POST", "/graphql/", json.dumps({"query": document, "variables": variables}), headers)
        response = http.getresponse()
        for value in response.headers.get_all("Set-Cookie", []):
            self.cookies.load(value)
        answer: dict[str, Any] = json.loads(response.read())
        http.close()
        return answer

    def run(self, document: str, **variables: object) -> Any:
        answer = self.send(document, **variables)
        assert "errors" not in answer, answer
        return answer["data"]
