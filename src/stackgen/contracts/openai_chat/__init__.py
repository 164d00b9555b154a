"""openai-chat/1: chat completions, by the OpenAI API."""
