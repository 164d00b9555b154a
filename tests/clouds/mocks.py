"""Runs a generated program under Pulumi's mocks and records what it declares.

    python -m tests.clouds.mocks FOLDER OUT.json [--config FILE] [--stack NAME] [--preview]

Exits with 1 when the program raises or when anything violates the schema; OUT.json is written all the same.
In-process use is for one run per process: a program's modules and Pulumi's settings stay behind.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import gc
import json
import logging
import os
import runpy
import sys
import threading
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from pulumi import dynamic
from pulumi.runtime import config as pulumi_config
from pulumi.runtime import mocks as pulumi_mocks
from pulumi.runtime import settings as pulumi_settings
from pulumi.runtime import stack as pulumi_stack

from tests.clouds import checking, invokes, schema, values, wire
from tests.clouds.identity import new_id, subject_of
from tests.clouds.recording import ROOT, Call, Recording, Resource
from tests.clouds.shapes import JSON

STACK_TYPE = "pulumi:pulumi:Stack"
CLOUDS = ("aws", "gcp")
"""Packages of which every resource must name its provider."""
DYNAMIC = "pulumi-python:dynamic/"
"""Begins the types whose provider is Python of the program's own."""
KEY = base64.b64encode(b"made-by-rook").decode()
READ: dict[str, dict[str, JSON]] = {
    "kubernetes:core/v1:ConfigMap": {
        "BUCKET_HOST": "rgw.rook-ceph.svc",
        "BUCKET_PORT": "80",
        "BUCKET_NAME": "claimed",
    },
    "kubernetes:core/v1:Secret": {"AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": KEY},
}
"""What there is in objects that operators make and programs read."""


class Cloud(pulumi_mocks.Mocks):
    """Answers as a cloud would; remembers providers' settings for the resources that use them."""

    def __init__(self, preview: bool) -> None:
        self.preview = preview
        self.settings: dict[str, dict[str, JSON]] = {}

    def new_resource(self, args: pulumi_mocks.MockResourceArgs) -> tuple[str | None, dict[Any, Any]]:
        if args.typ.startswith(DYNAMIC):
            return f"{args.name}-id", {**_outputs(args.typ, args.name), **args.inputs}
        if args.typ in READ and args.resource_id:
            return args.resource_id, {**args.inputs, "data": READ[args.typ]}
        if not args.custom or not schema.exists(args.typ) or args.typ.startswith(schema.PROVIDER):
            return args.resource_id or f"{args.name}-id", args.inputs
        settings = self.settings_of(args.provider or "")
        subject = subject_of(args.typ, args.name, args.inputs, settings)
        found = schema.resource(args.typ)
        state = {**args.inputs, **values.computed(found, subject, preview=self.preview)}
        for name in found.secrets:
            if name in state:
                state[name] = wire.secret(state[name])
        return args.resource_id or ("" if self.preview else new_id(subject, settled=True)), state

    def call(self, args: pulumi_mocks.MockCallArgs) -> tuple[dict[Any, Any], list[tuple[str, str]] | None]:
        return invokes.answer(args.token, args.args, self.settings_of(args.provider)), []

    def settings_of(self, reference: str) -> dict[str, JSON]:
        return self.settings.get(reference.rpartition("::")[0], {})


class Monitor(pulumi_mocks.MockMonitor):
    """Records requests as they come in; Pulumi's mocks alone see neither parents nor outputs."""

    def __init__(self, cloud: Cloud, recording: Recording) -> None:
        super().__init__(cloud)
        self._cloud = cloud
        self._recording = recording
        self._lock = threading.Lock()

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802
        inputs = wire.from_struct(request.object)
        urn = self.make_urn(request.parent, request.type, request.name)
        if request.type.startswith(schema.PROVIDER):
            decoded = {key: wire.decoded(value) for key, value in inputs.items()}
            self._cloud.settings[urn] = wire.plain(decoded)
        if request.type != STACK_TYPE:
            with self._lock:
                self._record(request, urn, inputs)
        return super().RegisterResource(request)

    def RegisterResourceOutputs(self, request: Any) -> Any:  # noqa: N802
        if request.urn.split("::")[2] == STACK_TYPE:
            outputs = wire.from_struct(request.outputs)
            self._recording.outputs = wire.plain(outputs)
            self._recording.secret_outputs = wire.secret_paths(outputs)
        return super().RegisterResourceOutputs(request)

    def Invoke(self, request: Any) -> Any:  # noqa: N802
        provider = _provider_name(request.provider)
        arguments = wire.plain(wire.from_struct(request.args))
        with self._lock:
            self._recording.calls.append(Call(request.tok, arguments, provider))
            if not provider and schema.package_of(request.tok) in CLOUDS:
                self._recording.violations.append(f"{request.tok}: called with a default provider")
        return super().Invoke(request)

    def _record(self, request: Any, urn: str, inputs: dict[str, JSON]) -> None:
        resource = Resource(
            type=request.type,
            name=request.name,
            urn=urn,
            inputs=wire.plain(inputs),
            secrets=wire.secret_paths(inputs),
            provider=_provider_name(request.provider),
            parent=request.parent,
            dependencies=sorted(request.dependencies),
            property_dependencies={
                key: sorted(found.urns) for key, found in request.propertyDependencies.items() if found.urns
            },
            custom=request.custom,
            protect=request.protect,
            ignores=sorted(request.ignoreChanges),
        )
        found = _violations(resource, inputs)
        if any(urn == other.urn for other in self._recording.resources):
            found.append("registered twice")
        self._recording.resources.append(resource)
        self._recording.violations += [f"{resource.type} {resource.name}: {one}" for one in found]


def _outputs(token: str, resource: str) -> dict[str, JSON]:
    """A value for each output that the class of a dynamic resource declares."""
    name = token.rpartition(":")[2]
    kinds = [kind for kind in dynamic.Resource.__subclasses__() if kind.__name__ == name]
    declared = {key: str(said) for kind in kinds for key, said in kind.__annotations__.items()}
    made: dict[str, JSON] = {
        key: 20_000 if "[int]" in said else f"{resource}-{key}" for key, said in declared.items()
    }
    return {**made, "path": sys.prefix} if name == "PythonEnvironment" else made  # programs look into it


def _violations(resource: Resource, inputs: dict[str, JSON]) -> list[str]:
    package = schema.package_of(resource.type)
    if not resource.custom or not schema.installed(package):
        return []
    found = checking.violations(resource.type, inputs)
    is_provider = resource.type.startswith(schema.PROVIDER)
    if package in CLOUDS and not is_provider and not resource.provider:
        found.append("has no explicit provider")
    return found


def _provider_name(reference: str) -> str:
    """The logical name in `urn:pulumi:…::NAME::ID`; default providers, and none at all, have none."""
    parts = reference.split("::")
    name = parts[-2] if len(parts) > 2 else ""
    return "" if name.startswith("default") else name


def run(folder: Path, config: Mapping[str, JSON], *, stack: str = "test", preview: bool = False) -> Recording:
    """Run a program in this process and return what it did."""
    project = yaml.safe_load((folder / "Pulumi.yaml").read_text(encoding="utf-8"))
    recording = Recording()
    monitor = Monitor(Cloud(preview), recording)
    pulumi_mocks.set_mocks(
        monitor.mocks, project["name"], stack, preview, _logger(recording), monitor, "organization"
    )
    settings = {**_defaults(project), **config}
    texts = {_key(key, project["name"]): _text(value) for key, value in settings.items()}
    pulumi_config.set_all_config(texts)
    pulumi_settings.set_root_resource(None)  # pyright: ignore[reportArgumentType]  # the program's own comes
    outputs: Any = getattr(pulumi_settings.SETTINGS, "outputs")  # noqa: B009 - the SDK types it as a method
    outputs.clear()  # set_mocks made a stack of its own, on a loop that never runs
    entry = folder / project.get("main", ".")
    try:
        asyncio.run(pulumi_stack.run_in_stack(lambda: _execute(entry)))
    except Exception:
        recording.error = traceback.format_exc()
    return recording


def _execute(entry: Path) -> None:
    """As the language host does it: in the program's folder, as `__main__`."""
    os.chdir(entry if entry.is_dir() else entry.parent)
    sys.path[:] = [str(Path.cwd()), *(path for path in sys.path if Path(path or ".").resolve() != ROOT)]
    try:
        runpy.run_path(str(entry), run_name="__main__")
    except Exception:
        # Pulumi would first wait for outputs that can't come any more; nothing of them is of use now.
        outputs: Any = getattr(pulumi_settings.SETTINGS, "outputs")  # noqa: B009
        outputs.clear()
        raise


def _defaults(project: dict[str, Any]) -> dict[str, JSON]:
    """The configuration that Pulumi.yaml itself gives."""
    found: dict[str, JSON] = {}
    for key, value in (project.get("config") or {}).items():
        if not isinstance(value, dict):
            found[key] = value
        elif "value" in value or "default" in value:
            found[key] = value.get("value", value.get("default"))
    return found


def _key(key: str, project: str) -> str:
    return key if ":" in key else f"{project}:{key}"


def _text(value: JSON) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _logger(recording: Recording) -> logging.Logger:
    """A logger that keeps the warnings and errors which a user would see."""

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            recording.warnings.append(record.getMessage())

    logger = logging.Logger("mocks")
    logger.addHandler(Keep(logging.WARNING))
    return logger


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.clouds.mocks")
    parser.add_argument("folder", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--config", type=Path, help="a JSON file with the stack's configuration")
    parser.add_argument("--stack", default="test")
    parser.add_argument("--preview", action="store_true", help="what the cloud computes is unknown")
    options = parser.parse_args()
    gc.disable()  # of a run of seconds it would take half; what is made stays to its end
    config = json.loads(options.config.read_text(encoding="utf-8")) if options.config else {}
    out = options.out.resolve()
    recording = run(options.folder.resolve(), config, stack=options.stack, preview=options.preview)
    recording.modules = sorted(
        name for name in sys.modules if name.startswith(("pulumi_aws.", "pulumi_gcp."))
    )
    recording.write(out)
    for problem in [*recording.violations, *filter(None, [recording.error])]:
        sys.stderr.write(f"{problem}\n")
    return 1 if recording.violations or recording.error else 0


if __name__ == "__main__":
    sys.exit(main())
