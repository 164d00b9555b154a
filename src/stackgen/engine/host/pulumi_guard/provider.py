"""Pulumi's server of dynamic providers with guards: own user's callers only, the program's own classes only.

Runs in the program's environment, in the program's folder. Ends with the engine.
"""

from __future__ import annotations

import os
import runpy
import sys
import threading
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path[0] = str(Path(__file__).parents[1])

import grpc  # noqa: E402 - the path comes first

from pulumi_guard import classes, order, parent, peers, sources  # noqa: E402

CANCEL_METHOD = "/pulumirpc.ResourceProvider/Cancel"
GRACE = 1.0  # seconds for calls that run when the update is cancelled


class CancelledWithTheUpdate(grpc.ServerInterceptor):
    """Ends the calls that run when the engine cancels an update: Pulumi's own server lets them go on.

    The engine then notes them as failed, and the next update begins them again.
    """

    def __init__(self) -> None:
        self.stop: Callable[[float], Any] = lambda _grace: None

    def intercept_service(self, continuation: Callable[[Any], Any], handler_call_details: Any) -> Any:
        """Every call goes on to the server; after Cancel the server stops."""
        handler = continuation(handler_call_details)
        if handler is None or handler_call_details.method != CANCEL_METHOD:
            return handler

        def cancel(request: Any, context: Any) -> Any:
            context.add_callback(lambda: threading.Thread(target=self.stop, args=(GRACE,)).start())
            return handler.unary_unary(request, context)

        return grpc.unary_unary_rpc_method_handler(
            cancel, handler.request_deserializer, handler.response_serializer
        )


def server(*arguments: Any, **options: Any) -> Any:
    """Create the guarded server that Pulumi's module gets instead of `grpc.server`."""
    cancelling = CancelledWithTheUpdate()
    made = peers.server(*arguments, interceptors=(cancelling,), **options)
    cancelling.stop = made.stop
    return made


def main() -> None:
    """Serve until the engine says that it is done, or is gone."""
    parent.watch_parent()
    sources.load_only_sources(Path.cwd())
    order.import_environment_first(Path.cwd())
    sys.path[0] = os.getcwd()  # noqa: PTH109 - as `python -m pulumi.dynamic` has it
    grpc.server = server
    if classes.is_generated(Path.cwd()):
        classes.restrict_classes(Path.cwd())
    code = 0
    try:
        runpy.run_module("pulumi.dynamic", run_name="__main__", alter_sys=True)
    except KeyboardInterrupt:
        pass
    except BaseException:
        code = 1
        traceback.print_exc()
    sys.stdout.flush()
    sys.stderr.flush()
    parent.end_process(code)  # a call that still runs must not keep the process


if __name__ == "__main__":
    main()
