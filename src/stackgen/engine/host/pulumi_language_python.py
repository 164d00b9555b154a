"""Pulumi's language host for Python, where the official one can't be had.

Speaks the public LanguageRuntime service (proto/pulumi/language.proto): tells the engine how a Python
program is run, which provider plugins its packages need, and installs its dependencies.
Prints the port it listens on; runs in an environment of its own that has `pulumi` (for the stubs).
Answers processes of its own user only, and ends with the engine; so does the program that it runs.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent import futures
from pathlib import Path
from threading import Event
from typing import Any

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import language_pb2, language_pb2_grpc, plugin_pb2

from pulumi_guard import parent, peers

EXECUTOR = Path(__file__).with_name("pulumi-language-python-exec")
STARTER = Path(__file__).with_name("pulumi_guard") / "program.py"
END_SECONDS = 2  # seconds for a program to end that was asked to
BAIL_EXIT_CODE = 32  # the program has shown its own message already


def read_options(info: Any) -> dict[str, Any]:
    """Runtime options of Pulumi.yaml as a plain dict."""
    return {name: info.options[name] for name in info.options} if info.HasField("options") else {}


def find_virtual_environment(info: Any) -> Path | None:
    """The virtual environment the program asks for, absolute; None if it names none."""
    name = read_options(info).get("virtualenv")
    return Path(info.root_directory, name).absolute() if name else None


def find_interpreter(info: Any) -> str:
    """The Python that runs the program; raises FileNotFoundError with what to do if it isn't there."""
    folder = find_virtual_environment(info)
    if folder is None:
        return shutil.which("python3") or sys.executable
    python = folder / "bin" / "python"
    if not python.exists():
        raise FileNotFoundError(f"there is no virtual environment in {folder}; run `pulumi install` first")
    return str(python)


class Host(language_pb2_grpc.LanguageRuntimeServicer):
    """One host serves one engine process."""

    def __init__(self, engine: str) -> None:
        self.engine = engine
        self.stopping = Event()

    def Handshake(self, request: Any, context: Any) -> Any:
        self.engine = request.engine_address or self.engine
        return language_pb2.LanguageHandshakeResponse()

    def GetPluginInfo(self, request: Any, context: Any) -> Any:
        return plugin_pb2.PluginInfo(version="1.0.0")

    def About(self, request: Any, context: Any) -> Any:
        version = ".".join(map(str, sys.version_info[:3]))
        return language_pb2.AboutResponse(executable=sys.executable, version=version)

    def GetRequiredPackages(self, request: Any, context: Any) -> Any:
        found = [plugin_pb2.PackageDependency(**item) for item in list_plugins(request.info)]
        return language_pb2.GetRequiredPackagesResponse(packages=found)

    def GetRequiredPlugins(self, request: Any, context: Any) -> Any:
        found = [plugin_pb2.PluginDependency(**item) for item in list_plugins(request.info)]
        return language_pb2.GetRequiredPluginsResponse(plugins=found)

    def GetProgramDependencies(self, request: Any, context: Any) -> Any:
        found = [
            language_pb2.DependencyInfo(name=name, version=version)
            for name, version in list_packages(request.info)
        ]
        return language_pb2.GetProgramDependenciesResponse(dependencies=found)

    def RuntimeOptionsPrompts(self, request: Any, context: Any) -> Any:
        return language_pb2.RuntimeOptionsResponse()

    def Cancel(self, request: Any, context: Any) -> Any:
        self.stopping.set()
        return empty_pb2.Empty()

    def InstallDependencies(self, request: Any, context: Any) -> Iterator[Any]:
        for command in install_commands(request):
            done = subprocess.run(command, cwd=request.info.root_directory, capture_output=True, check=False)
            yield language_pb2.InstallDependenciesResponse(stdout=done.stdout, stderr=done.stderr)
            if done.returncode:
                context.abort(grpc.StatusCode.UNKNOWN, f"`{' '.join(command)}` exited with {done.returncode}")

    def Run(self, request: Any, context: Any) -> Any:
        try:
            python = find_interpreter(request.info)
        except FileNotFoundError as error:
            return language_pb2.RunResponse(error=str(error))
        process = subprocess.Popen(
            command_line(python, self.engine, request),
            cwd=request.info.program_directory,
            env=program_variables(request),
        )
        code = self._wait(process, context)
        if code == BAIL_EXIT_CODE:
            return language_pb2.RunResponse(bail=True)
        return language_pb2.RunResponse(error=f"the program exited with {code}" if code else "")

    def _wait(self, process: subprocess.Popen[bytes], context: Any) -> int:
        """The exit code; the program is ended when the engine cancels or goes away."""
        while (code := process.poll()) is None:
            if self.stopping.is_set() or not context.is_active():
                process.terminate()
                try:
                    return process.wait(END_SECONDS)
                except subprocess.TimeoutExpired:
                    process.kill()
                    return process.wait()
            time.sleep(0.01)
        return code


def command_line(python: str, engine: str, request: Any) -> list[str]:
    """Arguments of Pulumi's own executor script, which runs `__main__.py` and reports to the monitor."""
    flags = {
        "monitor": request.monitor_address,
        "engine": engine,
        "project": request.project,
        "root_directory": request.info.root_directory,
        "stack": request.stack,
        "organization": request.organization,
        "pwd": request.pwd,
        "dry_run": "true" if request.dryRun else "false",
        "parallel": str(request.parallel),
        "tracing": "",
    }
    arguments = [text for name, value in flags.items() for text in (f"--{name}", value)]
    return [python, "-u", str(STARTER), str(EXECUTOR), *arguments, request.info.entry_point or "."]


def program_variables(request: Any) -> dict[str, str]:
    """The program's environment: configuration goes in by variables, secrets' names beside it."""
    found = dict(os.environ)
    found["STACKGEN_PARENT"] = str(os.getpid())
    found["PULUMI_CONFIG"] = json.dumps(dict(request.config))
    found["PULUMI_CONFIG_SECRET_KEYS"] = json.dumps(list(request.configSecretKeys))
    folder = find_virtual_environment(request.info)
    if folder is not None:
        found["VIRTUAL_ENV"] = str(folder)
        found["PATH"] = f"{folder / 'bin'}{os.pathsep}{found.get('PATH', '')}"
        found.pop("PYTHONHOME", None)
    return found


def install_commands(request: Any) -> Iterator[list[str]]:
    """Makes the virtual environment and installs requirements.txt, by digest where it has digests.

    uv, where it is at hand, reads no configuration file: one may have come with the program.
    """
    folder = find_virtual_environment(request.info) or Path(request.info.root_directory, "venv")
    requirements = Path(request.info.root_directory, "requirements.txt")
    uv = Path(sys.executable).with_name("uv")
    python = str(folder / "bin" / "python")
    locked = requirements.exists() and "--hash=" in requirements.read_text(encoding="utf-8")
    flags = ["--require-hashes", "--only-binary", ":all:"] if locked else []
    if uv.exists():
        if not Path(python).exists():
            yield [str(uv), "venv", "--quiet", "--no-config", str(folder)]
        if requirements.exists():
            yield [
                str(uv),
                "pip",
                "install",
                "--no-config",
                "--python",
                python,
                *flags,
                "-r",
                str(requirements),
            ]
        return
    if not Path(python).exists():
        yield [shutil.which("python3") or sys.executable, "-I", "-m", "venv", str(folder)]
    if requirements.exists():
        yield [python, "-m", "pip", "install", *flags, "-r", str(requirements)]


def site_packages(info: Any) -> list[Path]:
    """Folders of installed packages in the program's environment."""
    folder = find_virtual_environment(info)
    return sorted(folder.glob("lib/python*/site-packages")) if folder else []


def list_plugins(info: Any) -> Iterator[dict[str, Any]]:
    """Provider plugins that the installed packages ask for in their pulumi-plugin.json."""
    for site in site_packages(info):
        for file in sorted(site.glob("*/pulumi-plugin.json")):
            content = json.loads(file.read_text(encoding="utf-8"))
            if content.get("resource") and content.get("name"):
                yield {
                    "name": content["name"],
                    "kind": "resource",
                    "version": f"v{content['version']}" if content.get("version") else "",
                    "server": content.get("server", ""),
                }


def list_packages(info: Any) -> Iterator[tuple[str, str]]:
    """Name and version of every package in the program's environment."""
    for site in site_packages(info):
        for folder in sorted(site.glob("*.dist-info")):
            name, _, version = folder.name.removesuffix(".dist-info").partition("-")
            yield name, version


def main() -> None:
    """Serve until the engine (SIGTERM or SIGINT) says that it is done; a program still running is ended first."""
    parent.watch_parent()
    addresses = [argument for argument in sys.argv[1:] if not argument.startswith("-")]
    host = Host(addresses[-1] if addresses else "")
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: host.stopping.set())
    server = peers.server(futures.ThreadPoolExecutor(max_workers=8))
    language_pb2_grpc.add_LanguageRuntimeServicer_to_server(host, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(port, flush=True)
    host.stopping.wait()
    server.stop(grace=END_SECONDS + 1).wait()
    parent.end_process(0)


if __name__ == "__main__":
    main()
