"""The training job: a classifier of claims, registered; the better of old and new becomes champion.

The mlflow client reads MLFLOW_TRACKING_URI, MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD.
"""

import csv
import hashlib
import pickle
import tempfile
from pathlib import Path

import mlflow
import numpy as np
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.metrics import f1_score
from sklearn.model_selection import train_test_split

HERE = Path(__file__).parent
MODEL = "triage"
NOT_FOUND = "RESOURCE_DOES_NOT_EXIST"


def load() -> tuple[np.ndarray, np.ndarray]:
    """Features and labels of claims.csv."""
    with (HERE / "claims.csv").open() as stream:
        rows = [[float(value) for value in row] for row in list(csv.reader(stream))[1:]]
    table = np.array(rows)
    return table[:, :-1], table[:, -1].astype(int)


def digest() -> str:
    """Identity of data and code together: the same gives the same model."""
    files = (HERE / "claims.csv", HERE / "train.py", HERE / "requirements.txt")
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()


def champion(client: MlflowClient):
    """The version that is champion now, or None."""
    try:
        return client.get_model_version_by_alias(MODEL, "champion")
    except MlflowException as error:
        if error.error_code in (NOT_FOUND, "INVALID_PARAMETER_VALUE"):
            return None
        raise


def better(new: float, old: float | None) -> bool:
    """A new model takes over where it is at least as good."""
    return old is None or new >= old


def train() -> tuple[GradientBoostingClassifier, float]:
    """A fitted classifier and its F1 score on held-out rows."""
    features, labels = load()
    parts = train_test_split(features, labels, test_size=0.3, random_state=7, stratify=labels)
    model = GradientBoostingClassifier(random_state=7).fit(parts[0], parts[2])
    return model, float(f1_score(parts[3], model.predict(parts[1])))


def register(client: MlflowClient, model: GradientBoostingClassifier, score: float):
    """Log a run with the model as an artifact and register it as a new version."""
    mlflow.set_experiment(MODEL)
    with mlflow.start_run() as run, tempfile.TemporaryDirectory() as folder:
        mlflow.log_param("algorithm", type(model).__name__)
        mlflow.log_metric("f1", score)
        Path(folder, "model.pkl").write_bytes(pickle.dumps(model))
        mlflow.log_artifacts(folder, "model")
    try:
        client.create_registered_model(MODEL)
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise
    source = f"{run.info.artifact_uri}/model"
    return client.create_model_version(
        MODEL, source, run.info.run_id, tags={"digest": digest(), "f1": str(score)}
    )


def main() -> None:
    """Train, unless the champion was made of the very same data and code."""
    client = MlflowClient()
    present = champion(client)
    if present is not None and present.tags.get("digest") == digest():
        print(f"champion is version {present.version}, made of this data and code already")
        return
    model, score = train()
    version = register(client, model, score)
    old = float(present.tags["f1"]) if present is not None and "f1" in present.tags else None
    alias = "champion" if better(score, old) else "challenger"
    client.set_registered_model_alias(MODEL, alias, version.version)
    print(f"version {version.version} is {alias}: f1 {score:.3f}, before {old}")


if __name__ == "__main__":
    main()
