"""`make audit` reports a known vulnerability, and never takes a missing answer for a good one."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tools.audit import go_modules, images, python_locks
from tools.audit.__main__ import ROOT, main
from tools.audit.findings import Finding, Part, exit_code

WHEN = "2026-01-01T00:00:00Z"
JINJA = {
    "id": "GHSA-0000-0000-0000",
    "aliases": ["CVE-2026-0001"],
    "summary": "made up for this test",
    "modified": WHEN,
    "affected": [
        {
            "package": {"name": "jinja2", "ecosystem": "PyPI"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "3.1.6"}]}],
        }
    ],
}


class Advisories(BaseHTTPRequestHandler):
    """Answers as OSV does: one vulnerability of jinja2 before 3.1.6, and an error about `broken`."""

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        name = asked["package"]["name"]
        old = name == "jinja2" and asked["version"] == "3.1.5"
        content = json.dumps({"vulns": [JINJA]} if old else {}).encode()
        self.send_response(500 if name == "broken" else 200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing."""


@pytest.fixture
def osv(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    server = ThreadingHTTPServer(("127.0.0.1", 0), Advisories)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/v1/query"
    server.shutdown()
    thread.join()
    server.server_close()


def lock(root: Path, name: str, *pins: str) -> None:
    place = root / "src" / "stackgen" / name / "locks" / "server.txt"
    place.parent.mkdir(parents=True)
    place.write_text("".join(f"{pin} \\\n    --hash=sha256:{'0' * 64}\n" for pin in pins))


@pytest.mark.unit
def test_a_known_vulnerability_of_a_locked_package_is_reported(
    tmp_path: Path, osv: str, capsys: pytest.CaptureFixture[str]
) -> None:
    lock(tmp_path, "old", "jinja2==3.1.5 ; sys_platform == 'no-such-platform'", "markupsafe==3.0.3")
    lock(tmp_path, "new", "jinja2==3.1.6")
    assert main(["python", "--osv", osv], tmp_path) == 1
    said = capsys.readouterr().out
    assert "Python: 3 versions asked about, 1 known vulnerabilities" in said
    assert "jinja2 3.1.5: CVE-2026-0001, fixed in 3.1.6, locked by src/stackgen/old/locks/server.txt" in said
    assert "jinja2 3.1.6" not in said


@pytest.mark.unit
def test_fixed_versions_are_clean(tmp_path: Path, osv: str, capsys: pytest.CaptureFixture[str]) -> None:
    lock(tmp_path, "new", "jinja2==3.1.6")
    assert main(["python", "--osv", osv], tmp_path) == 0
    assert "1 versions asked about, no known vulnerability" in capsys.readouterr().out


@pytest.mark.unit
@pytest.mark.parametrize("pin", ["broken==1.0", "jinja2==3.1.6"])
def test_no_answer_is_not_a_clean_one(
    tmp_path: Path, osv: str, pin: str, capsys: pytest.CaptureFixture[str]
) -> None:
    lock(tmp_path, "new", pin)
    address = osv if pin.startswith("broken") else "http://127.0.0.1:9/v1/query"
    assert main(["python", "--osv", address], tmp_path) == 3
    assert "Python: NOT MEASURED: nothing was asked about" in capsys.readouterr().out


@pytest.mark.unit
def test_an_audit_of_nothing_is_not_clean(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["python", "go", "images"], tmp_path) == 3
    assert capsys.readouterr().out.count("NOT MEASURED") == 3


@pytest.mark.unit
def test_a_vulnerability_counts_more_than_what_was_not_measured() -> None:
    finding = Finding("a", "1", "CVE-2026-0001", "no fixed version", "lock")
    assert exit_code([Part("Python", 1), Part("Go", 1)]) == 0
    assert exit_code([Part("Python", 1), Part("Go", 1, unmeasured=["x"])]) == 3
    assert exit_code([Part("Python", 1, [finding]), Part("Go")]) == 1
    assert exit_code([]) == 3


@pytest.mark.unit
def test_every_lock_of_python_and_every_module_of_go_is_asked_about() -> None:
    locks = {place for places in python_locks.locked(ROOT).values() for place in places}
    with_digests = {
        path.relative_to(ROOT).as_posix()
        for path in [*(ROOT / "src").rglob("*.txt"), *(ROOT / "requirements").rglob("*.txt")]
        if "--hash=sha256:" in path.read_text(encoding="utf-8")
    }
    assert with_digests
    assert with_digests | {python_locks.PINS} <= locks
    assert {path.parent.name for path in go_modules.modules(ROOT)} >= {"ollama", "jaeger", "pulumi", "audit"}


@pytest.mark.unit
def test_every_image_of_the_example_programs_is_listed() -> None:
    """The programs are another way to know them: each was written by the generator."""
    listed = images.named(ROOT)
    programs = [*(ROOT / "stacks").rglob("*.py")]
    named = {image for path in programs for image in images.IMAGE.findall(path.read_text(encoding="utf-8"))}
    foreign = {image for image in named if image.startswith("registry.")}  # of a stack's own code
    assert len(named) > 10
    assert {image.partition("@")[0].rpartition(":")[0] for image in named - foreign} <= {
        image.partition("@")[0].rpartition(":")[0] for image in listed
    }


@pytest.mark.unit
def test_a_repository_of_images_is_named_with_one_tag_and_digest() -> None:
    tags: dict[str, set[str]] = {}
    for image in images.named(ROOT):
        repository, _, tag = image.partition("@")[0].rpartition(":")
        tags.setdefault(repository, set()).add(image)
        assert tag != "latest"
    assert {repository: found for repository, found in tags.items() if len(found) > 1} == {}


def database(folder: Path, *, fixed: str) -> str:
    """A database of Go with one vulnerability: in the package semver of golang.org/x/mod."""
    entry = {"id": "GO-2026-0001", "modified": WHEN}
    affected = {
        "package": {"name": "golang.org/x/mod", "ecosystem": "Go"},
        "ranges": [{"type": "SEMVER", "events": [{"introduced": "0"}, {"fixed": fixed}]}],
        "ecosystem_specific": {"imports": [{"path": "golang.org/x/mod/semver"}]},
    }
    report = {**entry, "schema_version": "1.3.1", "published": WHEN, "affected": [affected]}
    report |= {"aliases": ["CVE-2026-0002"], "summary": "made up", "details": "made up for this test"}
    files = {
        "index/db.json": {"modified": WHEN},
        "index/vulns.json": [entry],
        "index/modules.json": [{"path": "golang.org/x/mod", "vulns": [{**entry, "fixed": fixed}]}],
        "ID/GO-2026-0001.json": report,
    }
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(json.dumps(content))
    return folder.as_uri()


@pytest.mark.engine
@pytest.mark.timeout(600)
def test_a_known_vulnerability_of_a_go_server_is_reported(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = tmp_path / "root"
    server = root / "src" / "server"
    server.mkdir(parents=True)
    for name in ("go.mod", "go.sum"):
        shutil.copyfile(go_modules.TOOL.with_name(name), server / name)
    assert main(["go", "--go-database", database(tmp_path / "vulnerable", fixed="99.0.0")], root) == 1
    said = capsys.readouterr().out
    assert "golang.org/x/mod/semver v" in said
    assert "GO-2026-0001, CVE-2026-0002, fixed in v99.0.0, locked by src/server/go.mod" in said
    assert main(["go", "--go-database", database(tmp_path / "fixed", fixed="0.1.0")], root) == 0
    assert "no known vulnerability" in capsys.readouterr().out
    assert main(["go", "--go-database", (tmp_path / "none").as_uri()], root) == 3
    said = capsys.readouterr().out
    assert "Go: NOT MEASURED" in said
    assert "not measured: src/server/go.mod: " in said
