"""pgvector/1: embeddings in PostgreSQL, by its wire protocol."""
