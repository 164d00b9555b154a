"""Pulumi's ResourceProvider service for the package `kubernetes`.

https://github.com/pulumi/pulumi/blob/master/proto/pulumi/provider.proto
"""

from __future__ import annotations

import time
from typing import Any, NoReturn

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

from tests.clouds import wire
from tests.clouds.shapes import JSON
from tests.kubernetes.api import ApiError, NoSuchKind, Object
from tests.kubernetes.standin import awaiting, diffing, objects, sealing
from tests.kubernetes.standin.settings import Settings
from tests.kubernetes.standin.warnings import Warnings

MANAGER = "pulumi-kubernetes"
VERSION = "4.34.2"
DISCOVERY_PATIENCE = 10.0
"""Seconds that a definition, created a moment ago, may take until it is served."""


class Kubernetes(provider_pb2_grpc.ResourceProviderServicer):
    """All provider resources of all programs: each has a connection of its own."""

    def __init__(self, warnings: Warnings) -> None:
        self._warnings = warnings
        self._settings: dict[str, Settings] = {}

    def Handshake(self, request: Any, context: Any) -> Any:  # noqa: N802
        return provider_pb2.ProviderHandshakeResponse(accept_secrets=True)

    def GetPluginInfo(self, request: Any, context: Any) -> Any:  # noqa: N802
        return plugin_pb2.PluginInfo(version=VERSION)

    def Attach(self, request: Any, context: Any) -> Any:  # noqa: N802
        return empty_pb2.Empty()

    def Cancel(self, request: Any, context: Any) -> Any:  # noqa: N802
        return empty_pb2.Empty()

    def CheckConfig(self, request: Any, context: Any) -> Any:  # noqa: N802
        return provider_pb2.CheckResponse(inputs=request.news)

    def DiffConfig(self, request: Any, context: Any) -> Any:  # noqa: N802
        old, new = wire.from_struct(request.old_inputs), wire.from_struct(request.news)
        some = provider_pb2.DiffResponse
        changed = [key for key in {*old, *new} if wire.plain(old.get(key)) != wire.plain(new.get(key))]
        return some(changes=some.DIFF_SOME if changed else some.DIFF_NONE, diffs=changed)

    def Configure(self, request: Any, context: Any) -> Any:  # noqa: N802
        given = {key: wire.decoded(value) for key, value in wire.from_struct(request.args).items()}
        plain: Any = wire.plain(given)
        try:
            self._settings[context.peer()] = Settings.of(plain, self._warnings)
        except (KeyError, OSError, NotImplementedError) as error:
            _abort(context, grpc.StatusCode.INVALID_ARGUMENT, f"kubeconfig or settings: {error}")
        return provider_pb2.ConfigureResponse(acceptSecrets=True, supportsPreview=True)

    def Check(self, request: Any, context: Any) -> Any:  # noqa: N802
        settings = self._settings[context.peer()]
        news, olds = wire.from_struct(request.news), wire.from_struct(request.olds)
        api_version, kind = objects.type_of(request.urn)
        if kind.endswith(objects.UNSUPPORTED) or api_version.startswith("helm.sh"):
            reason = f"the stand-in has no {kind}"
            failures = [provider_pb2.CheckFailure(property="kind", reason=reason)]
            return provider_pb2.CheckResponse(inputs=request.news, failures=failures)
        objects.give_name(news, olds, request.urn.split("::")[-1], bytes(request.randomSeed))
        if settings.api is not None and settings.namespaced(api_version, kind):
            objects.give_namespace(news, settings.namespace)
        return provider_pb2.CheckResponse(inputs=wire.to_struct(news))

    def Diff(self, request: Any, context: Any) -> Any:  # noqa: N802
        settings = self._settings[context.peer()]
        old = objects.plain(wire.from_struct(request.old_inputs))
        new = objects.plain(wire.from_struct(request.news))
        return diffing.response(old, new, settings.mutable)

    def Create(self, request: Any, context: Any) -> Any:  # noqa: N802
        inputs = wire.from_struct(request.properties)
        state = self._put(request, inputs, context)
        created = "" if request.preview else objects.identity(objects.plain(inputs))
        return provider_pb2.CreateResponse(id=created, properties=state)

    def Update(self, request: Any, context: Any) -> Any:  # noqa: N802
        return provider_pb2.UpdateResponse(
            properties=self._put(request, wire.from_struct(request.news), context)
        )

    def _put(self, request: Any, inputs: dict[str, JSON], context: Any) -> Any:
        """Apply, and wait until it is ready; at a preview apply to see whether the server would."""
        settings, thing = self._settings[context.peer()], objects.plain(inputs)
        with self._warnings.about(request.urn):
            try:
                found = self._try(settings, thing) if request.preview else self._apply(settings, thing)
            except (ApiError, NoSuchKind, awaiting.NotReady) as error:
                _abort(context, grpc.StatusCode.INVALID_ARGUMENT, str(error))
        return wire.to_struct(sealing.seal(found, inputs))

    def _try(self, settings: Settings, thing: Object) -> Object:
        """What would come of it. Where its namespace is part of the same update, another one is asked."""
        if settings.api is None or objects.has_unknown(thing):
            return thing
        try:
            live = settings.api.live(settings.api.path(thing))
            force = live is None or settings.force(thing)
            answer = settings.api.apply(thing, MANAGER, force=force, dry_run=True)
            return objects.expected(answer, thing)
        except NoSuchKind:
            return thing
        except ApiError as error:
            if error.status != 404 or "namespace" not in thing["metadata"]:
                raise
        elsewhere = {**thing, "metadata": {**thing["metadata"], "namespace": "default"}}
        settings.api.apply(elsewhere, MANAGER, force=True, dry_run=True)
        return thing

    def _apply(self, settings: Settings, thing: Object) -> Object:
        api = settings.connected()
        end = time.monotonic() + DISCOVERY_PATIENCE
        while True:
            try:
                path = api.path(thing)
                break
            except NoSuchKind:
                if time.monotonic() > end:
                    raise
                time.sleep(awaiting.PAUSE)
        live = api.apply(thing, MANAGER, force=settings.force(thing))
        return objects.tidy(awaiting.wait_ready(api, path, live))

    def Read(self, request: Any, context: Any) -> Any:  # noqa: N802
        settings = self._settings[context.peer()]
        inputs = wire.from_struct(request.inputs)
        known = objects.plain(inputs) or objects.of_identity(request.urn, request.id)
        try:
            api = settings.connected()
            live = api.live(api.path(known))
        except NoSuchKind:
            live = None
        except ApiError as error:
            _abort(context, grpc.StatusCode.UNAVAILABLE, str(error))
        if live is None or live["metadata"].get("deletionTimestamp"):
            return provider_pb2.ReadResponse(id="")
        wanted = self._wanted(settings, known) if inputs else known
        there = sealing.drifted(inputs or known, wanted, live)
        state = sealing.seal(objects.tidy(live), inputs)
        return provider_pb2.ReadResponse(
            id=request.id, properties=wire.to_struct(state), inputs=wire.to_struct(there)
        )

    def _wanted(self, settings: Settings, thing: Object) -> Object:
        """What the object would be if the inputs were applied now; the inputs, where that is impossible."""
        with self._warnings.unheard():
            try:
                return settings.connected().apply(thing, MANAGER, force=True, dry_run=True)
            except ApiError:
                return thing

    def Delete(self, request: Any, context: Any) -> Any:  # noqa: N802
        settings = self._settings[context.peer()]
        state = objects.plain(wire.from_struct(request.properties))
        thing = state if state.get("metadata") else objects.of_identity(request.urn, request.id)
        try:
            api = settings.connected()
            path = api.path(thing)
            api.delete(thing)
            awaiting.wait_gone(api, path, thing["metadata"].get("uid"))
        except NoSuchKind:
            pass  # its definition went before it, and took it along
        except (ApiError, awaiting.NotReady) as error:
            _abort(context, grpc.StatusCode.INTERNAL, str(error))
        return empty_pb2.Empty()

    def Invoke(self, request: Any, context: Any) -> Any:  # noqa: N802
        _abort(context, grpc.StatusCode.UNIMPLEMENTED, f"the stand-in has no function {request.tok}")


def _abort(context: Any, code: Any, message: str) -> NoReturn:
    context.abort(code, message)
    raise AssertionError("abort raises")
