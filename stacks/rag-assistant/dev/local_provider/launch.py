"""Puts a process's files where it expects them and tells supervisord how to run it."""

from __future__ import annotations

import hashlib
import json
import shlex
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

from local_provider.commands import minimal
from local_provider.listening import health_port, port_file
from local_provider.orphans import PROCESS, WORKSPACE
from local_provider.resource import table
from local_provider.service_accounts import existing_account, service_account
from local_provider.source import copy_source
from local_provider.workspace_files import (
    discard_planted,
    free_name,
    give_tree,
    is_folder,
    make_folder,
    make_operator_folder,
    read,
    remove_file,
    remove_tree,
    tail,
    take_name,
    write,
)

# A server that was killed may leave children that hold its port: they are ended before it starts anew.
# supervisord makes each process the leader of a group of its own. (`kill -KILL -- -1` is refused by dash.)
START = """\
[ ! -f {group} ] || kill -KILL "-$(cat {group})" 2>/dev/null
echo $$ > {group}
. {environment}
exec {command}
"""
PROGRAM = """\
[program:{name}]
{user}command=/bin/sh {script}
directory={directory}
autostart=true
autorestart=true
startsecs=1
startretries=4
stopsignal={signal}
stopwaitsecs={wait}
stopasgroup=false
killasgroup=true
redirect_stderr=true
stdout_logfile={log}
stdout_logfile_maxbytes=10MB
stdout_logfile_backups=3
"""


SHORTEST = 6  # characters of what can be a secret; a port is none, though it may be among them
_PLACES = {"group": "group", "environment": "environment.sh"}


def run_folder(props: Mapping[str, Any]) -> Path:
    """Return the folder in which a process runs, with its configuration."""
    return Path(props["workspace"], "run", props["name"])


def log_file(props: Mapping[str, Any]) -> Path:
    """Return the log file of a process."""
    return Path(props["workspace"], "logs", f"{props['name']}.log")


def configuration_file(props: Mapping[str, Any]) -> Path:
    """Return supervisord's configuration file of a process."""
    return Path(props["workspace"], "supervisor", "processes", f"{props['name']}.conf")


def variables(props: Mapping[str, Any]) -> dict[str, str]:
    """Return the environment of a process: a minimal one, and the component's variables."""
    given = {**table(props, "environment"), **table(props, "secrets")}
    own = {WORKSPACE: str(props["workspace"]), PROCESS: str(props["name"])}
    return {**minimal(run_folder(props)), **{key: str(value) for key, value in given.items()}, **own}


def prepare_folder(props: Mapping[str, Any]) -> Path:
    """A fresh run folder with the process's files, secret ones readable by its account alone, and its source's copy.

    Its data is given it.
    """
    folder, account = run_folder(props), service_account(props.get("account"))
    make_operator_folder(folder.parent)
    remove_tree(folder)
    make_folder(folder, account)
    for data in props.get("data") or ():
        give_tree(Path(str(data)), account)
    for key, mode in (("files", 0o640), ("secret_files", 0o600)):
        for name, content in table(props, key).items():
            path = folder / name
            for parent in reversed(path.relative_to(folder).parents[:-1]):
                make_folder(folder / parent, account)
            write(path, str(content), mode, account)
    if props.get("source"):
        copy_source(Path(str(props["source"])), Path(str(props["directory"])), account)
    return folder


def has_source(props: Mapping[str, Any]) -> bool:
    """Return True if the copy of the process's source exists, or the process has no source."""
    return not props.get("source") or is_folder(Path(str(props["directory"])))


def write_program(props: Mapping[str, Any]) -> None:
    """The start script (with the environment, so private) and supervisord's section for it."""
    folder, account = run_folder(props), service_account(props.get("account"))
    lines = [f"export {key}={shlex.quote(value)}" for key, value in sorted(variables(props).items())]
    write(folder / "environment.sh", "\n".join(lines) + "\n", 0o600, account)
    command = " ".join(shlex.quote(str(word)) for word in props["command"])
    places = {name: shlex.quote(str(folder / file)) for name, file in _PLACES.items()}
    write(folder / "start.sh", START.format(command=command, **places), 0o600, account)
    text = PROGRAM.format(
        name=props["name"],
        user=f"user={account.name}\n" if account else "",
        script=_escaped(shlex.quote(str(folder / "start.sh"))),
        directory=_escaped(props.get("directory") or folder),
        signal=props["stop_signal"],
        wait=int(props["stop_timeout"]),
        log=_escaped(_escaped(log_file(props))),  # read twice
    )
    discard_planted(log_file(props))  # supervisord opens it, and would wait for ever at a pipe
    configuration = configuration_file(props)
    make_operator_folder(configuration.parent, closed=True)
    write(configuration, text, 0o600, None)
    port = health_port(table(props, "health"))
    if port is not None:
        noted = port_file(props["workspace"], port)
        make_operator_folder(noted.parent, closed=True)
        write(noted, account.name if account else "", 0o600, None)


def take_sockets(props: Mapping[str, Any]) -> None:
    """Create the process's sockets in folders that any user can write to as empty files of its account."""
    account = service_account(props.get("account"))
    for path in props.get("sockets") or ():
        take_name(Path(str(path)), account)


def free_sockets(props: Mapping[str, Any]) -> None:
    """Delete the sockets that a process has left behind."""
    for path in props.get("sockets") or ():
        free_name(Path(str(path)))


def remove_program(props: Mapping[str, Any]) -> None:
    """Remove a process from the supervisor's configuration, and free its port."""
    remove_file(configuration_file(props))
    port = health_port(table(props, "health"))
    if port is not None:
        remove_file(port_file(props["workspace"], port))


def mask_secrets(text: str, props: Mapping[str, Any]) -> str:
    """Text without the secrets of the process and its steps, for messages: these are shown, logged and kept."""
    secrets = [*table(props, "secrets").values(), *table(props, "secret_files").values()]
    for private in table(props, "step_secrets").values():
        secrets += [*table(private, "secrets").values(), *str(private.get("input") or "").splitlines()]
    shown = {form for secret in map(str, secrets) if secret for form in (secret, quote(secret, safe=""))}
    for form in sorted(shown, key=len, reverse=True):
        text = text.replace(form, "[secret]") if len(form) >= SHORTEST else text
    return text


def end_of_log(path: Path, lines: int, props: Mapping[str, Any]) -> str:
    """The last lines of a log, indented, without the secrets of the process and its steps."""
    return "\n".join(f"    {line}" for line in tail(path, lines, partial(mask_secrets, props=props)))


def fingerprint(props: Mapping[str, Any]) -> str:
    """Digest of what was put on disk for a process, to notice edits."""
    folder, digest, account = run_folder(props), hashlib.sha256(), existing_account(props.get("account"))
    names = [*table(props, "files"), *table(props, "secret_files"), "environment.sh", "start.sh"]
    for path in (*(folder / name for name in sorted(names)), configuration_file(props)):
        try:
            digest.update(json.dumps([path.name, read(path, account).decode("utf-8")]).encode())
        except (OSError, UnicodeDecodeError):
            digest.update(b"missing")
    return digest.hexdigest()


def _escaped(value: object) -> str:
    return str(value).replace("%", "%%")
