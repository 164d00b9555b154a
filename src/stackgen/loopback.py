"""Connections to this machine never go through a proxy."""

from __future__ import annotations

from collections.abc import Mapping

LOOPBACK_HOSTS = ("127.0.0.1", "localhost", "::1")
PROXIES = ("http_proxy", "https_proxy", "all_proxy", "grpc_proxy")
EXCEPTIONS = ("no_proxy", "NO_PROXY", "no_grpc_proxy")


def bypass_proxies(variables: Mapping[str, str]) -> dict[str, str]:
    """Variables with which clients reach loopback directly; {} where `variables` set no proxy."""
    if not any(variables.get(name) or variables.get(name.upper()) for name in PROXIES):
        return {}
    either = variables.get("no_proxy") or variables.get("NO_PROXY") or ""
    given = {"no_proxy": either, "NO_PROXY": either} | {
        name: variables[name] for name in EXCEPTIONS if variables.get(name)
    }
    return {name: _with_here(value) for name, value in given.items()}


def _with_here(value: str) -> str:
    words = [word.strip() for word in value.split(",") if word.strip()]
    if "*" in words:
        return value
    return ",".join([*words, *(name for name in LOOPBACK_HOSTS if name not in words)])
