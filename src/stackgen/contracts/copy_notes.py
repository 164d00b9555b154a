"""What a copy to a box in use writes, noted in a file: one that does not come to its end remembers nothing else.

The process that copies writes it, each line before or after what it says is done.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path


class Begun:
    """Lines of earlier copies and of this one. path: of the file; None: nothing is noted.

    made: item → what is to be remembered since a copy wrote it last. open: item → what copies were about to write,
    where none has said since that it had.
    """

    def __init__(self, path: str | None) -> None:
        self._path = path
        self.made: dict[str, str] = {}
        self.open: dict[str, set[str]] = {}
        for line in self._lines():
            with suppress(ValueError, TypeError):  # half of a line
                item, wanted, mark = json.loads(line)
                self._take(item, wanted, mark)

    def begin(self, items: Mapping[str, str]) -> None:
        """Note items that are about to be written. items: item → what the target would have."""
        self._write([(item, wanted, "") for item, wanted in items.items()])

    def end(self, item: str, mark: str) -> None:
        """Note that an item was written, and what is to be remembered of it."""
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
