"""MLflow's user `reader`, who sees everything and changes nothing.

MLflow's `authorization_function`: with the permission READ a user may still make experiments and models of its own,
give itself another password and talk to the assistant, which runs commands on the server. Each worker of the server
imports this at the first request that needs a password; before that is looked at, the user is made or gets a password.

$MLFLOW_AUTH_CONFIG_PATH names MLflow's file; its section `reader` holds the user's name and password.
"""

from __future__ import annotations

import os
import re
from configparser import ConfigParser

from flask import Response, request
from mlflow.exceptions import MlflowException
from mlflow.server.auth import authenticate_request_basic_auth, make_forbidden_response, store
from werkzeug.datastructures import Authorization

METHODS = ("GET", "HEAD", "OPTIONS")
SEARCHES = re.compile(
    r"/(ajax-)?api/[23]\.0/mlflow/"
    r"((experiments|runs|logged-models|traces|datasets)/search|experiments/search-datasets"
    r"|registered-models/get-latest-versions|traces/batchGetInfos)"
)
ASSISTANT = re.compile(r"/ajax-api/3\.0/mlflow/assistant(/.*)?", re.DOTALL)
HOST = re.compile(r"[\w.:\[\]-]+", re.ASCII)  # former versions of Starlette take the path out of another one


def authenticate_request() -> Authorization | Response:
    """Who asks, by name and password; 401 for others, 403 where the reader asks for more than to read."""
    found = authenticate_request_basic_auth()
    if isinstance(found, Authorization) and found.username == READER["username"] and not _reads():
        return make_forbidden_response()
    return found


def _reads() -> bool:
    if not HOST.fullmatch(request.headers.get("Host", "")):
        return False
    if request.method == "POST":
        return SEARCHES.fullmatch(request.path) is not None
    return request.method in METHODS and ASSISTANT.fullmatch(request.path) is None


def _make_reader(username: str, password: str) -> None:
    """Let there be that user with that password; it administers nothing."""
    try:
        store.create_user(username, password)
    except MlflowException as error:  # it is there, of a start before or of another worker's
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise
        store.update_user(username, password=password, is_admin=False)


CONFIGURATION = ConfigParser()
CONFIGURATION.read(os.environ["MLFLOW_AUTH_CONFIG_PATH"], encoding="utf-8")
READER = CONFIGURATION["reader"]
_make_reader(READER["username"], READER["password"])
