"""The production server is started the same way in the container, the guide and the benchmark."""

import json
import os
import re
import subprocess
import sys
from itertools import pairwise
from typing import Any, ClassVar

import kubernetes_validate
import pytest
import yaml
from django.conf import settings
from django.test import Client

from tests.benchmarks.load.server import command

DEPLOY = settings.BASE_DIR / "deploy"
DOCKERFILE = (settings.BASE_DIR / "Dockerfile").read_text("utf-8").replace("\\\n", "")
GUIDE = (settings.BASE_DIR / "docs/production.md").read_text("utf-8")


def container_command() -> list[str]:
    [line] = re.findall(r"^CMD (\[.*\])$", DOCKERFILE, re.MULTILINE)
    words: list[str] = json.loads(line)
    return words


class TestServer:
    def test_the_guide_starts_what_the_container_does(self) -> None:
        [line] = re.findall(r"^\$ \.venv/bin/(granian .*)$", GUIDE, re.MULTILINE)
        container = container_command()
        address = container.index("--host")
        del container[address : address + 2]  # reachable by anyone who can reach the container
        [workers] = re.findall(r"^ENV GRANIAN_WORKERS=(\d+)$", DOCKERFILE, re.MULTILINE)
        container[address:address] = ["--workers", workers]
        assert line.split() == container

    def test_the_benchmark_measures_it_on_this_machine_alone(self) -> None:
        measured = command("an.application:application", port=1234, workers=3)
        program, *options, application = container_command()
        assert measured[1:3] == ["-m", program]
        assert measured[-1] == "an.application:application"
        assert application == "backend.wsgi:application"
        named = dict(pairwise(measured))
        assert named["--host"] == "127.0.0.1"
        assert (named["--port"], named["--workers"]) == ("1234", "3")
        assert named["--blocking-threads"] == dict(pairwise(options))["--blocking-threads"]

    def test_docker_asks_whether_it_is_ready(self) -> None:
        [check] = re.findall(r"^HEALTHCHECK .*$", DOCKERFILE, re.MULTILINE)
        assert "http://127.0.0.1:8000/readyz" in check

    @pytest.mark.slow
    def test_the_application_finds_its_settings_by_itself(self) -> None:
        started = subprocess.run(
            [sys.executable, "-c", "import backend.wsgi"],
            cwd=settings.BASE_DIR,
            env={name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"},
            capture_output=True,
            text=True,
        )
        assert started.returncode == 0, started.stderr


class TestCompose:
    def test_redis_has_a_bound_and_drops_floods_first(self) -> None:
        compose = (settings.BASE_DIR / "compose.yaml").read_text("utf-8")
        assert "command: redis-server --maxmemory 256mb --maxmemory-policy volatile-lfu\n" in compose


class TestKubernetes:
    objects: ClassVar[list[dict[str, Any]]] = yaml.safe_load((DEPLOY / "kubernetes.yaml").read_text("utf-8"))[
        "items"
    ]

    @pytest.mark.parametrize(
        "shown", objects, ids=lambda shown: f"{shown['kind']} {shown['metadata']['name']}"
    )
    def test_each_object_is_valid(self, shown: dict[str, Any]) -> None:
        kubernetes_validate.validate(shown, kubernetes_validate.latest_version(), strict=True)

    def test_the_settings_are_known(self) -> None:
        [settings_map] = [shown for shown in self.objects if shown["kind"] == "ConfigMap"]
        assert set(settings_map["data"]) <= settings.ENVIRONMENT.names

    @pytest.mark.django_db
    def test_the_probes_are_pages(self, client: Client) -> None:
        [web] = [
            shown
            for shown in self.objects
            if shown["metadata"]["name"] == "store" and shown["kind"] == "Deployment"
        ]
        [container] = web["spec"]["template"]["spec"]["containers"]
        for probe in ("readinessProbe", "livenessProbe"):
            assert client.get(container[probe]["httpGet"]["path"]).status_code == 200
        [port] = [port["containerPort"] for port in container["ports"]]
        assert f"EXPOSE {port}" in DOCKERFILE

    def test_nobody_is_root_or_writes_to_the_image(self) -> None:
        pods = [
            shown["spec"]["template"]["spec"] for shown in self.objects if "template" in shown.get("spec", {})
        ]
        assert len(pods) == 3
        for pod in pods:
            assert pod["securityContext"]["runAsNonRoot"]
            assert all(
                container["securityContext"]["readOnlyRootFilesystem"] for container in pod["containers"]
            )
