"""MLflow's user `reader`, who sees everything and changes nothing.

As a program, before the server starts: makes that user, or sets its password again. As a module, MLflow's
`authorization_function`: with the permission READ a user may still make experiments and models of its own, give itself
another password and talk to the assistant, which runs commands on the server.

$MLFLOW_AUTH_CONFIG_PATH names MLflow's file; its section `reader` holds the user's name and password.
"""

from __future__ import annotations

import os
import re
from configparser import ConfigParser

from flask import Response, request
from mlflow.exceptions import MlflowException
from mlflow.server.auth import authenticate_request_basic_auth, make_forbidden_response
from mlflow.server.auth.sqlalchemy_store import SqlAlchemyStore
from werkzeug.datastructures import Authorization

METHODS = ("GET", "HEAD", "OPTIONS")
SEARCHES = re.compile(
    r"/(ajax-)?api/[23]\.0/mlflow/"
    r"((experiments|runs|logged-models|traces|datasets)/search|experiments/search-datasets"
    r"|registered-models/get-latest-versions|traces/batchGetInfos)"
)
ASSISTANT = re.compile(r"/ajax-api/3\.0/mlflow/assistant(/.*)?")


def authenticate_request() -> Authorization | Response:
    """Who asks, by name and password; 401 for others, 403 where the reader asks for more than to read."""
    found = authenticate_request_basic_auth()
    if isinstance(found, Authorization) and found.username == READER["username"] and not _reads():
        return make_forbidden_response()
    return found


def _reads() -> bool:
    if request.method == "POST":
        return SEARCHES.fullmatch(request.path) is not None
    return request.method in METHODS and ASSISTANT.fullmatch(request.path) is None


def make_reader(database: str, username: str, password: str) -> None:
    """Let there be that user with that password; it administers nothing."""
    store = SqlAlchemyStore()
    store.init_db(database)
    try:
        store.create_user(username, password)
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise
        store.update_user(username, password=password, is_admin=False)


CONFIGURATION = ConfigParser()
CONFIGURATION.read(os.environ["MLFLOW_AUTH_CONFIG_PATH"], encoding="utf-8")
READER = CONFIGURATION["reader"]

if __name__ == "__main__":
    make_reader(CONFIGURATION["mlflow"]["database_uri"], READER["username"], READER["password"])
