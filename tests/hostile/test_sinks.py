"""Where strings go at deploy time and in reports: shells, supervisors, XML, tables; and published exploits."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from stackgen.errors import StackgenError
from stackgen.planning.plan import check_stack
from stackgen.program.build import build_program
from stackgen.spec.loading import LoadedStack, validate_spec
from stackgen.verification.model import Report, Result
from stackgen.verification.reports import report_junit, report_markdown
from tests.hostile.fields import folder_for_sources
from tests.hostile.meaning import markdown as kinds
from tests.hostile.meaning import python, strings
from tests.hostile.payloads import PAYLOADS
from tests.hostile.probing import QuickShelf

pytestmark = pytest.mark.unit
ROOT = Path(__file__).parents[2]
TEXTS = [text for text in PAYLOADS if "\0" not in text and not any("\ud800" <= c <= "\udfff" for c in text)]
START = """
import json, os, subprocess, sys
from local_provider import launch
props = json.load(sys.stdin)
launch.prepare_folder(props)
launch.configuration_file(props).parent.mkdir(parents=True)
launch.log_file(props).parent.mkdir(parents=True)
launch.write_program(props)
"""
SHOW = "import json,os,sys; json.dump([sys.argv[1:], dict(os.environ)], sys.stdout)"


def test_a_process_gets_every_string_as_it_is(tmp_path: Path) -> None:
    given = {f"X_{number}": text for number, text in enumerate(TEXTS)}
    props = {
        "workspace": str(tmp_path),
        "name": "one",
        "command": [sys.executable, "-c", SHOW, *TEXTS],
        "environment": given,
        "files": {"notes": "x"},
        "stop_signal": "TERM",
        "stop_timeout": 3,
    }
    (tmp_path / "run").mkdir()
    path = os.pathsep.join((str(ROOT / "src/stackgen/providers/local/program"), str(ROOT / "src")))
    subprocess.run(
        [sys.executable, "-c", START],
        input=json.dumps(props),
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": path},
    )
    done = subprocess.run(
        ["/bin/sh", str(tmp_path / "run/one/start.sh")],
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
    )
    words, variables = json.loads(done.stdout)
    assert words == TEXTS
    assert {name: variables[name] for name in given} == given
    assert sorted(p.name for p in tmp_path.iterdir()) == ["logs", "run", "supervisor"]
    sections = (tmp_path / "supervisor/processes/one.conf").read_text()
    assert [line for line in sections.splitlines() if line.startswith("[")] == ["[program:one]"]


def _report(text: str) -> Report:
    results = (
        Result("one", "s3", "put-get", "broken", text, 0.1),
        Result("one", "s3", "tls", "kept", text, 0.1),
    )
    return Report(results)


def test_reports_quote_what_servers_answer() -> None:
    harmless = kinds(report_markdown(_report("harmless")).encode())
    for text in PAYLOADS:
        found = report_junit(_report(text), "stack/dev").encode("utf-8")
        cases = ElementTree.fromstring(found).findall(".//testcase")  # noqa: S314 - made here
        assert len(cases) == 2
        if text.strip():
            assert kinds(report_markdown(_report(text)).encode("utf-8")) == harmless, text


# What was published against this family of tools in 2016 to 2026, rebuilt for fields of ours.
STORE = {"capability": "object_store"}
CHAT = {"capability": "chat_model", "model": "x", "settings": {"weights": "stand-in"}}
EXPLOITS: dict[str, dict[str, object]] = {
    "docstring of a client (CVE-2020-15142)": {
        "description": 'x"""\nimport os\nos.system("touch pwned")\n"""'
    },
    "string of a client (CVE-2026-105801)": {"owner": "x'); __import__('os').system('touch pwned')  #"},
    "f-string of a client (CVE-2026-105801)": {"labels": {"a": "{__import__('os').system('touch pwned')}"}},
    "expression as default (CVE-2026-54653)": {
        "components": {"c1": {**CHAT, "model": "default_factory=__import__('os').system"}}
    },
    "import line (CVE-2026-55415)": {"components": {"a1\nimport os": STORE}},
    "comment by carriage return (CVE-2026-54654)": {
        "components": {"c1": {**CHAT, "description": "x\rimport os"}}
    },
    "identifier (CVE-2016-5641)": {"components": {"a1 = __import__('os').system('id')  #": STORE}},
    "implementation as import": {"components": {"a1": {**STORE, "implementation": "local/x import os;"}}},
    "capability as path (CVE-2026-53951)": {"components": {"a1": {"capability": "../../tmp/evil"}}},
    "provider as path": {"environments": {"dev": {"provider": "../../tmp/evil"}}},
    "environment as path (CVE-2025-55214)": {"environments": {"../../out": {"provider": "local"}}},
    "absolute environment (CVE-2025-55214)": {"environments": {"/srv/out": {"provider": "local"}}},
    "name as path (CVE-2026-23986)": {"name": "../out"},
    "source outside (GHSA-85v3-4m8g-hrh6)": {
        "components": {"j1": {"capability": "job", "source": "..", "command": ["x"]}}
    },
    "absolute source (CVE-2025-55201)": {
        "components": {"j1": {"capability": "job", "source": "/etc", "command": ["x"]}}
    },
    "option as argument (CVE-2022-24065)": {
        "components": {"c1": {**CHAT, "settings": {"weights": "--config=alias.x=!touch pwned"}}}
    },
    "sandbox escape by format (CVE-2024-56326)": {
        "description": "{{ ''|attr('format')|attr('__globals__') }}"
    },
    "sandbox escape by attr (CVE-2025-27516)": {"owner": "{{ x|attr('format_map') }}"},
    "template file name (CVE-2024-56201)": {"labels": {"a": "{% import 'x' as y %}{{ y.z }}"}},
}


@pytest.mark.parametrize("name", EXPLOITS)
def test_published_exploits_are_harmless(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    root = folder_for_sources(tmp_path / "stack")

    def main_module(change: dict[str, object]) -> bytes | None:
        base = {
            "apiVersion": "stackgen/v1",
            "name": "case",
            "components": {"a1": STORE},
            "environments": {"dev": {"provider": "local"}},
        }
        try:
            loaded = LoadedStack(validate_spec({**base, **change}), root / "stack.yaml", "0" * 64)
            (plan,) = check_stack(loaded, QuickShelf()).values()
        except StackgenError:
            return None
        return build_program(plan).files["__main__.py"]

    made = main_module(EXPLOITS[name])
    if made is not None:  # a string that only looks bad stays a string
        plain: dict[str, object] = {"owner": "x"}
        if "components" in EXPLOITS[name]:
            plain["components"] = {"c1": CHAT}
        harmless = main_module(plain)
        assert harmless is not None
        assert python(made) == python(harmless)
        assert not any("\nimport os" in text for text in strings(made))
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["app", "requirements.txt", "stack"]
