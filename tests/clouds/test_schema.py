"""The schema of an SDK, as the threads of the stand-in read it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

pytestmark = pytest.mark.unit
READ_AT_ONCE = """
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from tests.clouds import schema

NAMES = ("eip:Eip", "vpc:Vpc", "subnet:Subnet", "routeTable:RouteTable", "natGateway:NatGateway", "route:Route")
together = Barrier(len(NAMES))


def read(name):
    together.wait()
    return schema.resource("aws:ec2/" + name).token


print(sorted(ThreadPoolExecutor(len(NAMES)).map(read, NAMES)))
"""


def test_several_threads_may_read_one_module_first(tmp_path: Path) -> None:
    variables = {**os.environ, "STACKGEN_CACHE": str(tmp_path), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", READ_AT_ONCE], env=variables, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout.count("aws:ec2/")) == (0, 6), done.stderr
