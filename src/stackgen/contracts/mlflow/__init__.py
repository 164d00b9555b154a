"""mlflow/1: a model registry and experiment tracker, by MLflow's REST API."""
