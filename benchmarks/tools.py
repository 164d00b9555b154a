"""Peers: how each is had from a package registry, and how it is run on n components."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from benchmarks.workload import manifest, write_resources, write_values

PEERS = Path(__file__).with_name("peers")
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "stackgen-bench")


class Unavailable(Exception):
    """A tool that can't be had here, and why."""


@dataclass(frozen=True)
class Tool:
    """A peer. install: gets it and returns what starts it. prepare: writes the input for n components into a folder
    and returns the command. quick: measured without --full too. largest: most components it is measured with."""

    name: str
    install: Callable[[], list[str]]
    prepare: Callable[[list[str], Path, int], list[str]]
    quick: bool = False
    largest: int = 5000


def go(package: str, version: str) -> Callable[[], list[str]]:
    """A command of a Go module."""

    def install() -> list[str]:
        place = CACHE / "go" / f"{package.replace('/', '_')}@{version}"
        name = package.removesuffix("/v5").rpartition("/")[2]
        if not (place / name).is_file():
            if shutil.which("go") is None:
                raise Unavailable("there is no Go toolchain")
            environment = {**os.environ, "GOBIN": str(place), "CGO_ENABLED": "0"}
            _run(["go", "install", f"{package}@{version}"], environment)
        return [str(place / name)]

    return install


def python(requirement: str, command: str | None = None) -> Callable[[], list[str]]:
    """A package from PyPI, byte-compiled in an environment of its own: its command, or its Python if it has none."""

    def install() -> list[str]:
        place = CACHE / "python" / requirement.replace("==", "-")
        interpreter = place / "bin" / "python"
        if not interpreter.is_file():
            _uv("venv", "--quiet", "--python", sys.executable, str(place))
            _uv("pip", "install", "--quiet", "--compile-bytecode", "--python", str(interpreter), requirement)
        return [str(interpreter.with_name(command or "python"))]

    return install


def node(requirement: str, script: str) -> Callable[[], list[str]]:
    """A package from npm; the script is copied beside it, since that is where Node looks."""

    def install() -> list[str]:
        place = CACHE / "node" / requirement
        if shutil.which("node") is None:
            raise Unavailable("there is no Node.js")
        if not (place / "node_modules").is_dir():
            place.mkdir(parents=True, exist_ok=True)
            _run(
                ["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(place), requirement]
            )
        shutil.copy(PEERS / script, place)
        return ["node", str(place / script)]

    return install


def stackgen() -> Path:
    """Folder of the commands of stackgen's own base install, made anew from this source tree."""
    place = CACHE / "python" / "stackgen"
    if not (place / "bin" / "python").is_file():
        _uv("venv", "--quiet", "--python", sys.executable, str(place))
    source = str(Path(__file__).parents[1])
    options = ("--quiet", "--compile-bytecode", "--reinstall-package", "stackgen")
    _uv("pip", "install", *options, "--python", str(place / "bin" / "python"), source)
    return place / "bin"


def _uv(*arguments: str) -> None:
    _run([str(Path(sys.executable).with_name("uv")), *arguments])


def _run(command: Sequence[str], environment: dict[str, str] | None = None) -> None:
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        lines = [line for line in (done.stderr or done.stdout).splitlines() if line.strip()]
        # what a registry said is worth a line, not its address
        raise Unavailable(
            f"`{Path(command[0]).name}` could not get it: {_without_addresses(lines[-1])}"[:160]
        )


def _without_addresses(text: str) -> str:
    return " ".join(word for word in text.split() if "://" not in word)


def _helm(start: list[str], folder: Path, count: int) -> list[str]:
    chart = folder / "chart"
    (chart / "templates").mkdir(parents=True, exist_ok=True)
    (chart / "Chart.yaml").write_text("apiVersion: v2\nname: bench\nversion: 0.1.0\n")
    (chart / "values.yaml").write_text(json.dumps({"apps": write_values(folder, count)}))
    text = manifest("{{ .name }}", "{{ .kind }}")
    (chart / "templates" / "apps.yaml").write_text(
        f"{{{{- range .Values.apps }}}}\n---\n{text}{{{{- end }}}}\n"
    )
    return [*start, "template", "bench", str(chart)]


def _kustomize(start: list[str], folder: Path, count: int) -> list[str]:
    write_resources(folder, count)
    (folder / "kustomization.yaml").write_text("resources: [resources.yaml]\nnamePrefix: bench-\n")
    return [*start, "build", str(folder), "-o", str(folder / "out.yaml")]


def _jsonnet(start: list[str], folder: Path, count: int) -> list[str]:
    write_values(folder, count)
    deployment, service = manifest("APPNAME", "APPKIND").split("---\n")
    # JSON is Jsonnet, but for the expressions
    bodies = f"[{_as_json(deployment)}, {_as_json(service)}]"
    bodies = bodies.replace('"APPNAME"', "app.name").replace('"APPKIND"', "std.toString(app.kind)")
    (folder / "bench.jsonnet").write_text(f"[{bodies} for app in (import 'apps.json').apps]")
    return [*start, "-o", str(folder / "out.json"), str(folder / "bench.jsonnet")]


def _cue(start: list[str], folder: Path, count: int) -> list[str]:
    values = json.dumps(write_values(folder, count))
    deployment, service = manifest("\\(app.name)", "\\(app.kind)").split("---\n")
    # JSON is CUE, but for the interpolations
    bodies = f"[{_as_json(deployment)}, {_as_json(service)}]".replace("\\\\(", "\\(")
    (folder / "bench.cue").write_text(f"apps: {values}\nout: [for app in apps {{{bodies}}}]\n")
    return [
        *start,
        "export",
        "--force",
        "-e",
        "out",
        "-o",
        str(folder / "out.json"),
        str(folder / "bench.cue"),
    ]


def _as_json(text: str) -> str:
    return json.dumps(yaml.safe_load(text))


def _kcl(start: list[str], folder: Path, count: int) -> list[str]:
    values = json.dumps(write_values(folder, count))
    deployment, service = manifest("${app.name}", "${app.kind}").split("---\n")
    bodies = f"[{_as_json(deployment)}, {_as_json(service)}]"
    (folder / "bench.k").write_text(f"apps = {values}\nout = [{bodies} for app in apps]\n")
    return [*start, str(PEERS / "kcl_app.py"), str(folder / "bench.k"), str(folder / "out")]


def _program(script: str) -> Callable[[list[str], Path, int], list[str]]:
    def prepare(start: list[str], folder: Path, count: int) -> list[str]:
        write_resources(folder, count)
        scripts = [str(PEERS / script)] if script.endswith(".py") else []
        return [*start, *scripts, str(folder / "resources.json"), str(folder / "out")]

    return prepare


def _copier(start: list[str], folder: Path, count: int) -> list[str]:
    template = folder / "template"
    template.mkdir(exist_ok=True)
    write_values(folder, count)
    (template / "copier.yml").write_text("apps: {type: json}\n_min_copier_version: '9'\n")
    text = manifest("{{ app.name }}", "{{ app.kind }}")
    body = f"{{% for app in apps %}}\n---\n{text}{{% endfor %}}\n"
    (template / "apps.yaml.jinja").write_text(body)
    data = f"--data-file={folder / 'apps.json'}"
    return [*start, "copy", "--quiet", "--defaults", "--overwrite", data, str(template), str(folder / "out")]


def _cookiecutter(start: list[str], folder: Path, count: int) -> list[str]:
    template = folder / "template" / "{{ cookiecutter.folder }}"
    template.mkdir(parents=True, exist_ok=True)
    apps = {item["name"]: item for item in write_values(folder, count)}
    context = {"folder": "out", "apps": apps}
    (folder / "template" / "cookiecutter.json").write_text(json.dumps(context))
    text = manifest("{{ app.name }}", "{{ app.kind }}")
    body = f"{{% for app in cookiecutter.apps.values() %}}\n---\n{text}{{% endfor %}}\n"
    (template / "apps.yaml").write_text(body)
    options = ["--no-input", "--overwrite-if-exists", "--output-dir", str(folder)]
    return [*start, *options, str(folder / "template")]


TOOLS = (
    Tool("helm", go("helm.sh/helm/v3/cmd/helm", "v3.21.4"), _helm, quick=True),
    Tool("cdk8s (Python)", python("cdk8s==2.70.115"), _program("cdk8s_app.py"), quick=True),
    Tool("cookiecutter", python("cookiecutter==2.7.1", "cookiecutter"), _cookiecutter, quick=True),
    Tool("jsonnet", go("github.com/google/go-jsonnet/cmd/jsonnet", "v0.22.0"), _jsonnet),
    Tool("cue", go("cuelang.org/go/cmd/cue", "v0.17.1"), _cue),
    Tool("kustomize", go("sigs.k8s.io/kustomize/kustomize/v5", "v5.7.1"), _kustomize, largest=1000),
    Tool("kcl", python("kcl-lib==0.13.2"), _kcl),
    Tool("cdk8s (Node)", node("cdk8s", "cdk8s_app.js"), _program("cdk8s_app.js")),
    Tool("cdktf (Python)", python("cdktf==0.21.0"), _program("cdktf_app.py")),
    Tool("aws-cdk (Python)", python("aws-cdk-lib==2.275.0"), _program("aws_cdk_app.py"), largest=1000),
    Tool("copier", python("copier==9.19.1", "copier"), _copier),
    Tool("score-k8s", go("github.com/score-spec/score-k8s/cmd/score-k8s", "latest"), _program("")),
)
