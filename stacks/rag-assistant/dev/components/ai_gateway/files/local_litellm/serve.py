"""LiteLLM's proxy, which sees no request before its key was looked at. Takes the arguments of `litellm`.

By itself it judges some requests before the key, answers some without one, and fails (500) at refusing others, since
it asks an adapter for databases, which is not installed, whether its database is the reason.
"""

import os

from doors import Doors
from litellm import run_server
from litellm.proxy.db.exception_handler import PrismaDBExceptionHandler
from litellm.proxy.proxy_server import app

if __name__ == "__main__":
    PrismaDBExceptionHandler.is_database_service_unavailable_error = staticmethod(lambda _: False)
    app.add_middleware(Doors, key=os.environ["LITELLM_MASTER_KEY"], free="GET /health/liveliness", keyed=".*")
    run_server()
