"""Notes of a copy to a component in use: a file that remains if the copy is interrupted.

The process that copies writes a line before it writes an item, and a line afterwards.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path


class Begun:
    """Notes of earlier copies and of this one. path: path of the file; None: nothing is noted.

    made: item → the mark to remember since a copy wrote the item last. open: item → contents that copies were about to
    write, if no copy has noted since that it wrote the item.
    """

    def __init__(self, path: str | None) -> None:
        self._path = path
        self.made: dict[str, str] = {}
        self.open: dict[str, set[str]] = {}
        for line in self._lines():
            with suppress(ValueError, TypeError):  # an incomplete line
                item, wanted, mark = json.loads(line)
                self._take(item, wanted, mark)

    def begin(self, items: Mapping[str, str]) -> None:
        """Note items that are about to be written. items: item → content that the target will have."""
        self._write([(item, wanted, "") for item, wanted in items.items()])

    def end(self, item: str, mark: str) -> None:
        """Note that an item was written, and the mark to remember."""
        self._write([(item, "", mark)])

    def _take(self, item: str, wanted: str, mark: str) -> None:
        if mark:
            self.made[item] = mark
            self.open.pop(item, None)
        else:
            self.open.setdefault(item, set()).add(wanted)

    def _lines(self) -> list[str]:
        if self._path is None:
            return []
        try:
            return Path(self._path).read_text(encoding="utf-8").splitlines()
        except OSError:
            return []

    def _write(self, lines: list[tuple[str, str, str]]) -> None:
        if self._path is None or not lines:
            return
        text = "".join(f"\n{json.dumps(line)}" for line in lines)  # after what a killed process may have left
        file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            view = memoryview(text.encode())
            while view:
                view = view[os.write(file, view) :]
        finally:
            os.close(file)
