"""`python -m tests.kubernetes.control_plane start|stop|build`: a cluster for a developer's own use."""

from __future__ import annotations

import sys
import time

from stackgen.homes import data_home
from tests.kubernetes.control_plane.cluster import Cluster, stop
from tests.kubernetes.control_plane.definitions import definitions
from tests.kubernetes.control_plane.modules import build
from tests.kubernetes.control_plane.programs import KUBEBOX, KWOK

FOLDER = data_home() / "kubernetes-tests" / "cluster"


def _tell(text: str) -> None:
    sys.stderr.write(f"{text}\n")


def main(word: str) -> int:
    if word == "build":
        print(build(KUBEBOX, _tell), build(KWOK, _tell), f"{len(definitions())} definitions", sep="\n")
    elif word == "start":
        if FOLDER.exists():
            _tell(f"there is a cluster in {FOLDER} already; stop it first")
            return 1
        began = time.monotonic()
        cluster = Cluster.start(FOLDER, _tell, lasting=True)
        _tell(f"ready after {time.monotonic() - began:.1f} s")
        print(f"export KUBECONFIG={cluster.kubeconfig}")
    elif word == "stop":
        stop(FOLDER)
    else:
        _tell(__doc__ or "")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) == 2 else ""))
