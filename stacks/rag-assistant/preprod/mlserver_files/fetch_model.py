"""Fetches a registered model and says to MLServer how to serve it.

fetch_model.py NAME MODEL_URI VERSION: writes ./model/ and ./model-settings.json; the registry is in MLFLOW_TRACKING_*.
"""

import json
import sys
from pathlib import Path

import mlflow


def main() -> None:
    """Raises SystemExit with a sentence if the model is none that this server can load."""
    name, uri, version = sys.argv[1:]
    folder = Path(mlflow.artifacts.download_artifacts(artifact_uri=uri, dst_path="model"))
    found = [path for path in folder.rglob("*") if path.name in ("model.pkl", "model.joblib")]
    if len(found) != 1:
        sys.exit(f"{uri} is no scikit-learn model saved as model.pkl or model.joblib")
    settings = {
        "name": name,
        "implementation": "mlserver_sklearn.SKLearnModel",
        "parameters": {"uri": str(found[0].absolute()), "version": version},
    }
    Path("model-settings.json").write_text(json.dumps(settings, indent=1))


if __name__ == "__main__":
    main()
