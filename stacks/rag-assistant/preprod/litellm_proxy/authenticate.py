"""The gateway's one key, checked here: LiteLLM's own key store needs a database of its own."""

import hmac
import os

from fastapi import Request
from litellm.proxy._types import ProxyException, UserAPIKeyAuth


async def authenticate(request: Request, api_key: str | None) -> UserAPIKeyAuth:
    """The caller, or 401 (https://docs.litellm.ai/docs/proxy/custom_auth)."""
    given = api_key or ""
    if not hmac.compare_digest(given.encode(), os.environ["LITELLM_MASTER_KEY"].encode()):
        raise ProxyException(
            message="the API key is missing or wrong", type="auth_error", param="api_key", code=401
        )
    return UserAPIKeyAuth(api_key=given)
