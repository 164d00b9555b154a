"""`python -m tests.kubernetes.standin FOLDER`: serves `kubernetes` and `random` until standard input ends.

FOLDER holds what `random` made. Warnings of the API server go to the file that STANDIN_WARNINGS names,
else to FOLDER/warnings.jsonl.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from tests.clouds.serving import serve
from tests.clouds.standin import Cloud, StandIn
from tests.kubernetes.standin.provider import Kubernetes
from tests.kubernetes.standin.warnings import Warnings

if __name__ == "__main__":
    folder = Path(sys.argv[1])
    warnings = Warnings(Path(os.environ.get("STANDIN_WARNINGS", folder / "warnings.jsonl")))
    serve({"kubernetes": Kubernetes(warnings), "random": StandIn("random", Cloud(folder))})
