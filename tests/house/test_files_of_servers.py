"""Files that servers can write to are touched by one module; the rest of the local provider calls it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src" / "stackgen"
PROVIDER = SOURCE / "providers" / "local" / "program" / "local_provider"
GUARDED = PROVIDER / "workspace_files.py"
# These work in the cache, which belongs to the user who runs stackgen; no server can write to it.
CACHE = {"account.py", "go_binary.py", "model_sources.py", "models.py", "python_environment.py"}
# `directory.py` removes empty folders above the data; `folder_trees.py` works below what `workspace_files.py` opened;
# the others write in folders of the cache that are ours.
OTHERS = {
    "directory.py": {"rmdir"},
    "files.py": {"fchmod", "open"},
    "folder_trees.py": {"fchmod", "fchown", "open", "rename", "rmdir", "unlink"},
    "registry_download.py": {"open"},
    "source_environment.py": {"chmod", "mkstemp"},
}
CHANGES = {
    *("chmod", "chown", "fchmod", "fchown", "lchmod", "lchown"),
    *("copy", "copy2", "copyfile", "copymode", "copytree", "move", "rmtree"),
    *("hardlink_to", "link", "link_to", "symlink", "symlink_to"),
    *("makedirs", "mkdir", "mkfifo", "mkstemp", "mkdtemp"),
    *("remove", "rename", "renames", "rmdir", "touch", "truncate", "unlink", "write_bytes", "write_text"),
    "open",
}
READS = ("r", "rb")

pytestmark = pytest.mark.unit


def _changes(path: Path) -> Iterator[tuple[str, int]]:
    """Calls that create, change or delete a file by its path: name and line."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if isinstance(node.func, ast.Name) and name not in ("open", "copy", "rmtree"):
            continue  # a function of the module's own, or of the guarded one
        if name in CHANGES and not _only_reads(name, node):
            yield name, node.lineno


def _only_reads(name: str, call: ast.Call) -> bool:
    if ast.unparse(call.func) == "opener.open":  # urllib's, which opens an address
        return True
    modes = [a.value for a in call.args if isinstance(a, ast.Constant) and isinstance(a.value, str)]
    return name == "open" and bool(modes) and modes[-1] in READS


def test_one_module_changes_files_that_servers_can_write_to() -> None:
    modules = [path for path in PROVIDER.glob("*.py") if path != GUARDED and path.name not in CACHE]
    modules += sorted(SOURCE.glob("catalog/*/local_*/component.py"))
    modules += sorted(SOURCE.glob("providers/local/foundation/*/component.py"))
    modules += sorted(SOURCE.glob("providers/local/program/mlflow_server/*.py"))
    assert {"local_workspace", "mlflow_server"} <= {path.parent.name for path in modules}
    found = [
        f"{path.relative_to(SOURCE)}:{line} {name}"
        for path in modules
        for name, line in _changes(path)
        if name not in OTHERS.get(path.name, set())
    ]
    assert found == []


def test_the_rule_sees_such_a_call(tmp_path: Path) -> None:
    module = tmp_path / "module.py"
    module.write_text("import os, shutil\nos.chown(p, 1, 1)\np.open('w')\np.open('rb')\nshutil.rmtree(p)\n")
    assert [name for name, _ in _changes(module)] == ["chown", "open", "rmtree"]


def test_no_other_user_can_hold_a_lock_of_ours() -> None:
    """Whoever can open a lock's file for reading can hold the lock, for as long as he likes."""
    calls = [
        f"{path.relative_to(SOURCE)}: {ast.unparse(node)}"
        for path in SOURCE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("FileLock")
    ]
    assert calls
    assert [call for call in calls if "mode=384" not in call] == [], "0o600"


def test_what_runs_as_another_account_has_no_variables_of_ours() -> None:
    """An account can read the variables of its processes, also of one that we start for a moment."""
    found = [
        f"{path.name}:{node.lineno}"
        for path in PROVIDER.glob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and ast.unparse(node.func) in ("subprocess.run", "subprocess.Popen")
        and "env" not in {keyword.arg for keyword in node.keywords}
    ]
    own = [place for place in found if place.partition(":")[0] in ("go_binary.py", "service_accounts.py")]
    assert found == own, "an installer's or useradd's, which run as ourselves"
    assert len(own) == 4


def test_what_a_process_says_of_itself_is_read_up_to_a_limit() -> None:
    """A server's process sets the size of its own variables and words, and psutil reads all of them."""
    found = {
        path.name
        for path in PROVIDER.glob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in ("environ", "cmdline", "exe", "name", "as_dict")
        and not node.args
    }
    assert found == {"proc_files.py"}


def test_no_process_of_ours_imports_modules_of_the_current_folder() -> None:
    """With `-c` and `-m` Python looks there first: it is a checkout, which a stranger may have written."""
    found = [
        f"{path.relative_to(SOURCE)}: {ast.unparse(node)}"
        for path in SOURCE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.List | ast.Tuple)
        and node.elts
        and ast.unparse(node.elts[0]).endswith("sys.executable")
        and ast.unparse(node.elts[1]) not in ("'-P'", "'-I'")
    ]
    assert found == []
