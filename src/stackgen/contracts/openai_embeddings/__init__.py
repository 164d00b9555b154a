"""openai-embeddings/1: embeddings, by the OpenAI API."""
