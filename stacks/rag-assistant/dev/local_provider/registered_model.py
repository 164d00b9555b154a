"""The version of a registered model that a reference names now."""

from __future__ import annotations

import base64
import json
import re
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from typing import Any

import pulumi
from pulumi.dynamic import CreateResult, ReadResult, Resource, UpdateResult

from local_provider.deadlines import within
from local_provider.failure import LocalFailure
from local_provider.listening import of_servers
from local_provider.redirects import NoRedirects
from local_provider.resource import LocalProvider, Properties

LARGEST = 4_000_000  # bytes of an answer
LONGEST = 60.0  # seconds for it
_REFERENCE = re.compile(r"models:/(?P<name>[^/@]+)(?:@(?P<alias>[^/@]+)|/(?P<version>\d+))")


class RegisteredModelProvider(LocalProvider):
    """Asks the registry (MLflow REST API); a refresh asks again, so a moved alias is noticed."""

    def create(self, props: Properties) -> CreateResult:
        return CreateResult(
            props["model"], {**props, **resolve(props["model"], props["registry"], str(props["workspace"]))}
        )

    def update(self, _id: str, _olds: Properties, news: Properties) -> UpdateResult:
        return UpdateResult(self.create(news).outs)

    def read(self, id_: str, props: Properties) -> ReadResult:
        try:
            return ReadResult(
                id_, {**props, **resolve(props["model"], props["registry"], str(props["workspace"]))}
            )
        except LocalFailure:
            return ReadResult(id_, dict(props))  # the registry is down: that is for its own resource to tell


class RegisteredModel(Resource, module="local", name="RegisteredModel"):
    """`models:/name@alias` or `models:/name/version`, resolved to `version`."""

    version: pulumi.Output[str]

    def __init__(
        self,
        name: str,
        *,
        model: str,
        registry: Mapping[str, pulumi.Input[Any]],
        workspace: pulumi.Input[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        secrets = pulumi.Output.secret(registry)
        properties = {"model": model, "registry": secrets, "workspace": workspace, "version": None}
        secret = pulumi.ResourceOptions(additional_secret_outputs=["registry"])
        super().__init__(
            RegisteredModelProvider(), name, properties, pulumi.ResourceOptions.merge(opts, secret)
        )


def resolve(model: str, registry: Mapping[str, Any], workspace: str) -> dict[str, str]:
    """Return `{"version": …}`; raises LocalFailure if the reference is malformed or names no version.

    workspace: where a registry of this machine runs.
    """
    match = _REFERENCE.fullmatch(model)
    if match is None:
        raise LocalFailure(
            f"'{model}' is no registry reference; write models:/name@alias or models:/name/version"
        )
    if match["version"]:
        query = {"name": match["name"], "version": match["version"]}
        found = _get(registry, workspace, "model-versions/get", query, model)
    else:
        found = _get(
            registry,
            workspace,
            "registered-models/alias",
            {"name": match["name"], "alias": match["alias"]},
            model,
        )
    version = str(found["model_version"]["version"]) if _answered(found) else ""
    if not version.isdecimal():
        raise LocalFailure(f"the registry's answer about {model} names no version")
    return {"version": version}


def _answered(found: Any) -> bool:
    return isinstance(found, dict) and "version" in (found.get("model_version") or {})


def _get(registry: Mapping[str, Any], workspace: str, path: str, query: dict[str, str], model: str) -> Any:
    if not of_servers(str(registry["tracking-uri"]), workspace):
        raise LocalFailure(
            f"another process listens where the registry is asked for {model}; it is sent no password"
        )
    url = f"{registry['tracking-uri']}/api/2.0/mlflow/{path}?{urllib.parse.urlencode(query)}"
    credentials = f"{registry.get('username', '')}:{registry.get('password', '')}".encode()
    request = urllib.request.Request(
        url, headers={"Authorization": f"Basic {base64.b64encode(credentials).decode()}"}
    )
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), NoRedirects())
    try:
        return json.loads(within(LONGEST, lambda: _read(opener, request)))
    except urllib.error.HTTPError as error:
        if error.code == 404:
            raise LocalFailure(f"the registry has no {model}; register it first") from None
        raise LocalFailure(f"the registry answers {error.code} when asked for {model}") from None
    except ValueError:
        raise LocalFailure(f"the registry's answer about {model} is not JSON") from None
    except OSError as error:
        raise LocalFailure(f"the registry can't be reached for {model}: {error}") from None


def _read(opener: urllib.request.OpenerDirector, request: urllib.request.Request) -> bytes:
    with opener.open(request, timeout=30) as answer:
        return answer.read(LARGEST)
