"""MLflow's two users, wherever it runs: `stackgen` writes and administers, `reader` reads and changes nothing."""

from __future__ import annotations

from pathlib import Path

import pulumi

WRITER, READER = "stackgen", "reader"
MODULE = "mlflow_reader.py"
MLFLOW_READER = (Path(__file__).parent / MODULE).read_text(encoding="utf-8")
"""Refuses the reader's changes, and makes that user; the server imports it from a folder of $PYTHONPATH."""
CONFIGURATION = """\
[mlflow]
default_permission = READ
database_uri = {database}
admin_username = {writer}
admin_password = {password}
authorization_function = mlflow_reader:authenticate_request
auth_cache_ttl_seconds = 60

[reader]
username = {reader}
password = {reader_password}
"""


def configuration(
    database: pulumi.Input[str], password: pulumi.Input[str], reader_password: pulumi.Input[str]
) -> pulumi.Output[str]:
    """The file that $MLFLOW_AUTH_CONFIG_PATH names. database: where users are kept, as an address for SQLAlchemy.

    https://mlflow.org/docs/latest/self-hosting/security/basic-http-auth
    """
    return pulumi.Output.all(database=database, password=password, reader_password=reader_password).apply(
        lambda known: CONFIGURATION.format(writer=WRITER, reader=READER, **known)
    )
