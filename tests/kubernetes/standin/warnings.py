"""What the API server warns of (deprecated APIs, pods that a namespace would not admit), one JSON line each."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class Warnings:
    """Appends to `file`: {"stack", "project", "name", "type", "path", "warning"}."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._lock = threading.Lock()
        self._here = threading.local()

    @contextmanager
    def about(self, urn: str) -> Iterator[None]:
        """What is heard in this thread meanwhile is about that resource."""
        self._here.urn = urn
        try:
            yield
        finally:
            self._here.urn = ""

    @contextmanager
    def unheard(self) -> Iterator[None]:
        """What is heard in this thread meanwhile was heard before."""
        self._here.deaf = True
        try:
            yield
        finally:
            self._here.deaf = False

    def heard(self, text: str, path: str) -> None:
        urn = getattr(self._here, "urn", "")
        if getattr(self._here, "deaf", False):
            return
        stack, project, kind, name = (urn.removeprefix("urn:pulumi:").split("::") + [""] * 4)[:4]
        line = {"stack": stack, "project": project, "name": name, "type": kind, "path": path, "warning": text}
        with self._lock, self._file.open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(line) + "\n")
