"""MLflow's tracking server and model registry as a process, on whichever database keeps its runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pulumi

from contract_bindings import Bindings
from local_provider import Health, Password, Port, Process, ProcessArgs, PythonEnvironment
from local_provider.workspace import Workspace
from mlflow_files import MLFLOW_READER, MODULE, READER, WRITER, auth_configuration

LOCK = Path(__file__).parent / "locks" / "mlflow.txt"
FIXED = {
    "PYTHONPATH": ".",
    "MLFLOW_AUTH_CONFIG_PATH": "users.ini",
    "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
}


class MlflowServer:
    """The resources of one server. bindings: for clients that write; readers: for those that only read."""

    bindings: Bindings
    readers: Bindings

    def __init__(
        self,
        name: str,
        workspace: Workspace,
        *,
        data: pulumi.Input[str],
        own_artifacts: pulumi.Input[str],
        store: Mapping[str, pulumi.Input[Any]] | None,
        users: pulumi.Input[str],
        flags: Sequence[pulumi.Input[str]] = (),
        secrets: Mapping[str, pulumi.Input[str]] | None = None,
        workers: int = 1,
        port: int | None,
        depends_on: Sequence[pulumi.Resource] = (),
        opts: pulumi.ResourceOptions,
    ) -> None:
        """Create the server.

        data: the server's folder. store: binding of the S3 store that keeps artifacts; they are in `own_artifacts` if
        absent. users: address of the database of users for SQLAlchemy.
        flags, secrets: say where the database of runs is. workers: processes that answer requests.
        """
        python = PythonEnvironment(f"{name}-python", requirements=LOCK.read_text(), opts=opts).path
        kept = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(protect=workspace.protect))
        password = Password(f"{name}-password", opts=kept).value
        reader_password = Password(f"{name}-reader-password", opts=opts).value
        session_key = Password(f"{name}-session-key", opts=kept).value
        number = Port(f"{name}-port", preferred=port, opts=opts).number.apply(str)
        url = pulumi.Output.concat("http://127.0.0.1:", number)
        artifacts = pulumi.Output.concat("s3://", store["bucket"], f"/{name}") if store else own_artifacts
        command: list[Any] = [pulumi.Output.concat(python, "/bin/mlflow"), "server"]
        command += ["--host", "127.0.0.1", "--port", number, "--workers", str(workers)]
        command += ["--app-name", "basic-auth", *flags]
        command += ["--serve-artifacts", "--artifacts-destination", artifacts]
        Process(
            name,
            ProcessArgs(
                workspace=workspace.directory,
                data=[data],
                command=command,
                environment={"PATH": pulumi.Output.concat(python, "/bin:/usr/bin:/bin"), **FIXED},
                secrets={
                    "MLFLOW_FLASK_SERVER_SECRET_KEY": session_key,
                    **(secrets or {}),
                    **_object_store(store),
                },
                files={MODULE: MLFLOW_READER},
                secret_files={"users.ini": auth_configuration(users, password, reader_password)},
                health=Health(http=pulumi.Output.concat(url, "/health")),
            ),
            pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=[*depends_on])),
        )
        self.bindings = {"mlflow": {"tracking-uri": url, "username": WRITER, "password": password}}
        self.readers = {"mlflow": {"tracking-uri": url, "username": READER, "password": reader_password}}


def _object_store(store: Mapping[str, pulumi.Input[Any]] | None) -> dict[str, pulumi.Input[str]]:
    """Variables that the server's S3 client reads."""
    if store is None:
        return {}
    return {
        "MLFLOW_S3_ENDPOINT_URL": store["endpoint"],
        "AWS_ACCESS_KEY_ID": store["access-key-id"],
        "AWS_SECRET_ACCESS_KEY": store["secret-access-key"],
        "AWS_DEFAULT_REGION": store["region"],
    }
