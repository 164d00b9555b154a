"""Downloads a registered model's artifacts: download_model.py MODEL_URI FOLDER (server in MLFLOW_TRACKING_*)."""

import sys
from pathlib import Path

import mlflow

if __name__ == "__main__":
    target = Path(sys.argv[2])
    target.mkdir(parents=True, exist_ok=True)
    mlflow.artifacts.download_artifacts(artifact_uri=sys.argv[1], dst_path=str(target))
