"""A provider plugin that stands in for AWS, GCP and the like: it checks everything, and has a cloud in memory.

    python -m tests.clouds.standin STATE_FOLDER PACKAGE...

Prints {"aws": port, ...} as one line of JSON and serves until its standard input ends. Attach it with
PULUMI_DEBUG_PROVIDERS=aws:PORT,... STATE_FOLDER/cloud.json is what has been created; STATE_FOLDER/calls.jsonl every
call; STATE_FOLDER/fail holds a regular expression: creations, updates and deletions it finds in "op urn" fail.
https://github.com/pulumi/pulumi/blob/master/proto/pulumi/provider.proto
"""

from __future__ import annotations

import json
import re
import sys
import threading
from pathlib import Path
from typing import Any

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

from tests.clouds import checking, invokes, schema, values, wire
from tests.clouds.identity import NAMING, Subject, made_up_name, naming_property, new_id, subject_of
from tests.clouds.serving import serve
from tests.clouds.shapes import JSON

Inputs = dict[str, JSON]
GUARDS = ("deletionProtection", "deletionProtectionEnabled")
REPLACING = (*NAMING, "namePrefix", "region", "location", "project", "bucketPrefix", "cidrBlock", "engine")
"""Properties that no provider changes in place."""
REPLACING_OF = {
    "aws:iam/role:Role": ("path",),
    "aws:rds/cluster:Cluster": (
        "masterUsername",
        "databaseName",
        "storageEncrypted",
        "kmsKeyId",
        "dbSubnetGroupName",
    ),
    "aws:ec2/subnet:Subnet": ("vpcId", "availabilityZone"),
    "aws:ec2/securityGroup:SecurityGroup": ("vpcId", "description"),
}
"""What else makes a new one of a resource."""
ALL_REPLACING = ("random:", "aws:iam/rolePolicyAttachment:", "gcp:projects/iAMMember:")
"""Types that are never changed in place."""
PROTECTED = (
    "gcp:cloudrunv2/service:Service",
    "gcp:cloudrunv2/job:Job",
    "gcp:cloudrunv2/workerPool:WorkerPool",
    "gcp:container/cluster:Cluster",
    "gcp:sql/databaseInstance:DatabaseInstance",
    "gcp:workflows/workflow:Workflow",
)
"""Types that are protected unless `deletionProtection` says otherwise."""
PREFIXED = {"bucket": "bucketPrefix", "name": "namePrefix", "clusterIdentifier": "clusterIdentifierPrefix"}


class Cloud:
    """What exists, kept in a file so that a test can look at it and change it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._file = folder / "cloud.json"
        self._lock = threading.Lock()
        self._known: tuple[tuple[int, ...], dict[str, Any]] = (), {}

    def read(self) -> dict[str, Any]:
        """What the file has; each version of it is read once, as hundreds of calls ask for it. Not to be changed."""
        if not self._file.exists():
            return {}
        found = self._file.stat()
        version = (found.st_mtime_ns, found.st_size, found.st_ino)
        if self._known[0] != version:
            self._known = version, json.loads(self._file.read_text(encoding="utf-8"))
        return self._known[1]

    def write(self, key: str, value: Inputs | None) -> None:
        with self._lock:
            found = dict(self.read())
            found.pop(key, None)
            if value is not None:
                found[key] = value
            new = self._file.with_suffix(".new")
            new.write_text(json.dumps(found, indent=1), encoding="utf-8")
            new.replace(self._file)  # as a whole: others read meanwhile

    def key(self, urn: str, identity: str) -> str:
        """Where a resource is kept: a program may have given it another name or parent since, as aliases do."""
        exact, found = f"{urn} {identity}", self.read()
        if exact in found:
            return exact
        wanted = _token(urn)
        known = (key for key in found if key.endswith(f" {identity}") and _token(key.split(" ")[0]) == wanted)
        return next(known, exact)

    def log(self, **call: JSON) -> None:
        with self._lock, (self.folder / "calls.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(call) + "\n")

    def told_to_fail(self, call: str) -> bool:
        file = self.folder / "fail"
        return file.exists() and bool(re.search(file.read_text(encoding="utf-8").strip(), call))


class StandIn(provider_pb2_grpc.ResourceProviderServicer):
    """One package's provider."""

    def __init__(self, package: str, cloud: Cloud) -> None:
        self.package = schema.package(package)
        self.cloud = cloud
        self._settings: dict[str, Inputs] = {}

    def Handshake(self, request: Any, context: Any) -> Any:  # noqa: N802
        return provider_pb2.ProviderHandshakeResponse(accept_secrets=True)

    def GetPluginInfo(self, request: Any, context: Any) -> Any:  # noqa: N802
        return plugin_pb2.PluginInfo(version=self.package.version)

    def Attach(self, request: Any, context: Any) -> Any:  # noqa: N802
        return empty_pb2.Empty()

    def Cancel(self, request: Any, context: Any) -> Any:  # noqa: N802
        return empty_pb2.Empty()

    def CheckConfig(self, request: Any, context: Any) -> Any:  # noqa: N802
        found = checking.problems(f"{schema.PROVIDER}{self.package.name}", wire.from_struct(request.news))
        return provider_pb2.CheckResponse(inputs=request.news, failures=_failures(found))

    def DiffConfig(self, request: Any, context: Any) -> Any:  # noqa: N802
        return provider_pb2.DiffResponse(changes=provider_pb2.DiffResponse.DIFF_NONE)

    def Configure(self, request: Any, context: Any) -> Any:  # noqa: N802
        given = {key: wire.decoded(value) for key, value in wire.from_struct(request.args).items()}
        plain: Any = wire.plain(given)
        self._settings[context.peer()] = plain  # each provider of a program has a connection of its own
        return provider_pb2.ConfigureResponse(acceptSecrets=True, supportsPreview=True)

    def Check(self, request: Any, context: Any) -> Any:  # noqa: N802
        token, name = _token(request.urn), request.urn.split("::")[-1]
        news, olds = wire.from_struct(request.news), wire.from_struct(request.olds)
        found = checking.problems(token, news)
        self.cloud.log(op="Check", urn=request.urn, problems=[str(one) for one in found])
        if not found:
            _name(token, name, news, olds, bytes(request.randomSeed))
        return provider_pb2.CheckResponse(inputs=wire.to_struct(news), failures=_failures(found))

    def Diff(self, request: Any, context: Any) -> Any:  # noqa: N802
        old: Any = wire.plain(wire.from_struct(request.old_inputs))
        new: Any = wire.plain(wire.from_struct(request.news))
        changed = sorted(
            key
            for key in {*old, *new}
            if old.get(key) != new.get(key) and not key.startswith("__") and key not in request.ignoreChanges
        )
        replaced = [key for key in changed if _replaces(_token(request.urn), key)]
        some = provider_pb2.DiffResponse
        return some(
            changes=some.DIFF_SOME if changed else some.DIFF_NONE,
            diffs=changed,
            replaces=replaced,
            deleteBeforeReplace=bool(replaced) and _same_name(_token(request.urn), old, new),
            detailedDiff={key: _change(old, new, key, key in replaced) for key in changed},
            hasDetailedDiff=True,
        )

    def Create(self, request: Any, context: Any) -> Any:  # noqa: N802
        inputs = wire.from_struct(request.properties)
        subject = self._subject(request.urn, inputs, context)
        if request.preview:
            return provider_pb2.CreateResponse(properties=self._state(subject, inputs, preview=True))
        self._may_fail("Create", request.urn, context)
        identity = new_id(subject)
        state = self._state(subject, inputs, preview=False)
        self._keep(request.urn, identity, inputs, state)
        return provider_pb2.CreateResponse(id=identity, properties=state)

    def Update(self, request: Any, context: Any) -> Any:  # noqa: N802
        inputs = wire.from_struct(request.news)
        subject = self._subject(request.urn, inputs, context)
        if request.preview:
            return provider_pb2.UpdateResponse(properties=self._updated(subject, inputs, request))
        self._may_fail("Update", request.urn, context)
        state = self._updated(subject, inputs, request)
        self._keep(request.urn, request.id, inputs, state)
        return provider_pb2.UpdateResponse(properties=state)

    def Read(self, request: Any, context: Any) -> Any:  # noqa: N802
        found = self.cloud.read().get(self.cloud.key(request.urn, request.id))
        if found is None:
            return provider_pb2.ReadResponse(id="")
        inputs = _drifted(wire.from_struct(request.inputs), found["inputs"])
        outputs = _drifted(wire.from_struct(request.properties), found["outputs"])
        return provider_pb2.ReadResponse(
            id=request.id, properties=wire.to_struct(outputs), inputs=wire.to_struct(inputs)
        )

    def Delete(self, request: Any, context: Any) -> Any:  # noqa: N802
        self._may_fail("Delete", request.urn, context)
        state: Any = wire.plain(wire.from_struct(request.properties))
        state.setdefault("deletionProtection", _token(request.urn) in PROTECTED)
        if any(state.get(guard) is True for guard in GUARDS):
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, "it is protected against deletion")
        self.cloud.log(op="Delete", urn=request.urn)
        self.cloud.write(self.cloud.key(request.urn, request.id), None)
        return empty_pb2.Empty()

    def Invoke(self, request: Any, context: Any) -> Any:  # noqa: N802
        arguments: Any = wire.plain(wire.from_struct(request.args))
        found = invokes.answer(request.tok, arguments, self._settings.get(context.peer(), {}))
        return provider_pb2.InvokeResponse(**_returned(found))

    def _subject(self, urn: str, inputs: Inputs, context: Any) -> Subject:
        settings = self._settings.get(context.peer(), {})
        return subject_of(_token(urn), urn.rsplit("::", maxsplit=1)[-1], inputs, settings)

    def _state(self, subject: Subject, inputs: Inputs, *, preview: bool) -> Any:
        found = schema.resource(subject.token)
        state: Inputs = {**inputs, **values.computed(found, subject, preview=preview)}
        for name in found.secrets:
            if name in state:
                state[name] = wire.secret(state[name])
        return wire.to_struct(state)

    def _updated(self, subject: Subject, inputs: Inputs, request: Any) -> Any:
        """What was computed stays, but for tags and labels; what was an input and is none any more goes."""
        found = schema.resource(subject.token)
        olds, given = wire.from_struct(request.olds), wire.from_struct(request.old_inputs)
        kept = {name: olds[name] for name in found.outputs.required if name in olds and name not in given}
        made = wire.from_struct(self._state(subject, inputs, preview=request.preview))
        fresh = {name: made[name] for name in values.KNOWN_EARLY if name in made}
        return wire.to_struct({**made, **kept, **fresh, **inputs})

    def _may_fail(self, operation: str, urn: str, context: Any) -> None:
        if self.cloud.told_to_fail(f"{operation} {urn}"):
            context.abort(grpc.StatusCode.UNKNOWN, f"told to fail: {operation}")

    def _keep(self, urn: str, identity: str, inputs: Inputs, state: Any) -> None:
        plain: Any = {"inputs": wire.plain(inputs), "outputs": wire.plain(wire.from_struct(state))}
        self.cloud.log(op="Keep", urn=urn, id=identity)
        self.cloud.write(f"{urn} {identity}", plain)


def _returned(found: Inputs) -> dict[str, Any]:
    return {"return": wire.to_struct(found)}  # a keyword in Python, so it can't be named


def _token(urn: str) -> str:
    return urn.split("::")[2].rsplit("$", maxsplit=1)[-1]


def _replaces(token: str, key: str) -> bool:
    return key in REPLACING or key in REPLACING_OF.get(token, ()) or token.startswith(ALL_REPLACING)


def _same_name(token: str, old: Inputs, new: Inputs) -> bool:
    """Whether the new one would clash with the old: both carry a name that the program gave."""
    own = naming_property(schema.resource(token))
    return own in new and old.get(own) == new[own] and own not in new.get("__defaults", ())


def _change(old: Inputs, new: Inputs, key: str, replaces: bool) -> Any:
    kinds: Any = provider_pb2.PropertyDiff
    kind = kinds.ADD if key not in old else kinds.DELETE if key not in new else kinds.UPDATE
    return kinds(kind=kind + 1 if replaces else kind, inputDiff=True)  # each is followed by its _REPLACE


def _drifted(known: Inputs, actual: Inputs) -> Inputs:
    """What the engine knows, with what the cloud has otherwise; secrets that are as they were stay secret."""
    plain: Any = wire.plain(known)
    kept = {key: value for key, value in known.items() if key in actual or key.startswith("__")}
    return {**kept, **{key: value for key, value in actual.items() if plain.get(key) != value}}


def _failures(found: list[checking.Problem]) -> list[Any]:
    return [provider_pb2.CheckFailure(property=one.path, reason=one.message) for one in found]


def _name(token: str, name: str, news: Inputs, olds: Inputs, seed: bytes) -> None:
    """A name for what was given none, as the real providers make one up; the old one where there is one."""
    own = naming_property(schema.resource(token))
    if own is not None and wire.unwrap(news.get(own)) is None and PREFIXED.get(own, "") not in news:
        before = olds.get(own) if own in olds.get("__defaults", ()) else None
        news[own] = before or made_up_name(token, name, seed)
        news["__defaults"] = [own]


if __name__ == "__main__":
    shared = Cloud(Path(sys.argv[1]))
    serve({package: StandIn(package, shared) for package in sys.argv[2:]})
