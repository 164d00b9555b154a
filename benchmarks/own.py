"""What is measured of stackgen itself, each beside the interpreter it runs in."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.measuring import Case
from benchmarks.workload import spec

MEMORIES = (1024, 2048)


class Own:
    """stackgen's cases. bin: folder of its commands. touched: case → files that its last run wrote, and how many."""

    def __init__(self, bin: Path, folder: Path) -> None:
        self.bin = bin
        self.folder = folder
        self.touched: dict[str, tuple[list[str], int]] = {}
        self._before: dict[str, dict[str, tuple[int, int]]] = {}

    def cases(self, sizes: Sequence[int]) -> list[Case]:
        """Start-up, generation into an empty folder, again, and again with one component changed."""
        words = ("--version", "--help", "completion bash")
        found = [self._case("python", "-c pass", 0, [str(self.bin / "python"), "-c", "pass"])]
        found += [self._case("stackgen", word, 0, [self._command, *word.split()]) for word in words]
        found += [self._generate("stackgen", "aws", size) for size in sizes]
        found += [self._generate("stackgen (local)", "local", size) for size in (1, 1000)]
        found += [self._again(size) for size in (1, 1000)]
        return [*found, self._one_changed(1000)]

    def check(self, case: Case) -> None:
        """Note which files of its program the case's last run wrote."""
        program = case.folder / "out"
        if case.name in self._before:
            before, after = self._before[case.name], _stamps(program)
            changed = [path for path, stamp in after.items() if before.get(path) != stamp]
            self.touched[case.name] = (changed, len(after))

    @property
    def _command(self) -> str:
        return str(self.bin / "stackgen")

    def _case(
        self, tool: str, what: str, size: int, command: list[str], before: Callable[[], None] = lambda: None
    ) -> Case:
        folder = self.folder / f"{tool} {what} {size}".replace(" ", "-")
        (folder / "app").mkdir(parents=True, exist_ok=True)
        environment = {"STACKGEN_CACHE_HOME": str(self.folder / "cache")}
        rounds = 100 if size < 1000 else 7 if size == 1000 else 3
        return Case(tool, what, size, command, folder, before, rounds, environment)

    def _generate(self, tool: str, provider: str, size: int) -> Case:
        case = self._writing(tool, "generate", size, lambda: shutil.rmtree(case.folder / "out", True))
        (case.folder / "stack.yaml").write_text(spec(size, provider))
        return case

    def _again(self, size: int) -> Case:
        case = self._writing("stackgen", "generate again", size, lambda: self._remember(case))
        (case.folder / "stack.yaml").write_text(spec(size, "aws"))
        return case

    def _one_changed(self, size: int) -> Case:
        runs = 0

        def before() -> None:
            nonlocal runs
            self._remember(case)
            (case.folder / "stack.yaml").write_text(spec(size, "aws", MEMORIES[runs % 2]))
            runs += 1

        case = self._writing("stackgen", "generate with one changed", size, before)
        return case

    def _writing(self, tool: str, what: str, size: int, before: Callable[[], None]) -> Case:
        return self._case(tool, what, size, [self._command, "generate", "stack.yaml", "-o", "out"], before)

    def _remember(self, case: Case) -> None:
        self._before[case.name] = _stamps(case.folder / "out")


def _stamps(folder: Path) -> dict[str, tuple[int, int]]:
    found = {
        path: path.stat() for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts
    }
    return {path.relative_to(folder).as_posix(): (at.st_ino, at.st_mtime_ns) for path, at in found.items()}
