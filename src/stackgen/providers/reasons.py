"""Reasons why a server keeps no clause, on whatever provider it runs, each stated once."""

LITELLM_PASSES_UNKNOWN_FIELDS = (
    "LiteLLM passes unknown fields on, and the model's server decides "
    "(https://docs.litellm.ai/docs/completion/provider_specific_params)"
)
VLLM_IGNORES_UNKNOWN_FIELDS = (
    "vLLM ignores request fields it does not know "
    "(https://docs.vllm.ai/en/latest/serving/openai_compatible_server.html)"
)
