"""MLflow's two users on any provider: `stackgen` writes and administers, `reader` only reads."""

from __future__ import annotations

from pathlib import Path

import pulumi

WRITER, READER = "stackgen", "reader"
MODULE = "mlflow_reader.py"
MLFLOW_READER = (Path(__file__).parent / MODULE).read_text(encoding="utf-8")
"""Module that creates the reader and refuses its changes; the server imports it from a folder of $PYTHONPATH."""
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


def auth_configuration(
    database: pulumi.Input[str], password: pulumi.Input[str], reader_password: pulumi.Input[str]
) -> pulumi.Output[str]:
    """Return the file for $MLFLOW_AUTH_CONFIG_PATH. database: address of the database of users, for SQLAlchemy.

    https://mlflow.org/docs/latest/self-hosting/security/basic-http-auth
    """
    return pulumi.Output.all(database=database, password=password, reader_password=reader_password).apply(
        lambda known: CONFIGURATION.format(writer=WRITER, reader=READER, **known)
    )
