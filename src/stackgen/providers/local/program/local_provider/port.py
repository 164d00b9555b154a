"""A loopback port that stays the same for the life of its resource."""

from __future__ import annotations

import json
import socket
import zlib
from pathlib import Path

import pulumi
from pulumi.dynamic import CreateResult, Resource

from local_provider.failure import LocalFailure
from local_provider.files import hold_lock
from local_provider.homes import data_home
from local_provider.listening import holder
from local_provider.resource import LocalProvider, Properties
from local_provider.workspace_files import remove_file, write

FIRST, COUNT = 20_000, 10_000  # below the range systems take outgoing ports from


class PortProvider(LocalProvider):
    """Reserves ports among all environments of this user."""

    replace_on = ("owner", "preferred")

    def create(self, props: Properties) -> CreateResult:
        owner, preferred = props["owner"], props.get("preferred")
        with hold_lock(data_home() / "ports.lock"):
            reserved = {p: o for p, o in _reserved().items() if o != owner}
            number = _claim(int(preferred), owner, reserved) if preferred else _free(owner, reserved)
            _store({**reserved, number: owner})
        return CreateResult(str(number), {**props, "number": number})

    def delete(self, id_: str, props: Properties) -> None:
        with hold_lock(data_home() / "ports.lock"):
            _store({p: o for p, o in _reserved().items() if p != int(id_)})


class Port(Resource, module="local", name="Port"):
    """A free port on 127.0.0.1, or `preferred` if given; an error if another process has it."""

    number: pulumi.Output[int]

    def __init__(
        self, name: str, *, preferred: int | None = None, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        owner = f"{pulumi.get_project()}/{pulumi.get_stack()}/{name}"
        properties = {"owner": owner, "preferred": preferred, "number": None}
        super().__init__(PortProvider(), name, properties, opts)

    def __str__(self) -> str:
        raise TypeError("a port's number is known at run time: use pulumi.Output.concat")


def is_free(number: int) -> bool:
    """Return True if a process can listen on the port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", number))
        except OSError:
            return False
    return True


def _claim(number: int, owner: str, reserved: dict[int, str]) -> int:
    if number in reserved:
        raise LocalFailure(
            f"port {number} is reserved for {reserved[number]}; choose another one for {owner}"
        )
    if not is_free(number):
        raise LocalFailure(
            f"port {number} is taken{holder(number)}; free it or choose another one for {owner}"
        )
    return number


def _free(owner: str, reserved: dict[int, str]) -> int:
    start = zlib.crc32(f"{data_home()} {owner}".encode())
    for step in range(COUNT):
        number = FIRST + (start + step) % COUNT
        if number not in reserved and is_free(number):
            return number
    raise LocalFailure(f"no free port between {FIRST} and {FIRST + COUNT}")


def _file() -> Path:
    return data_home() / "ports.json"


def _reserved() -> dict[int, str]:
    try:
        return {int(port): str(owner) for port, owner in json.loads(_file().read_text()).items()}
    except (OSError, ValueError):
        return {}


def _store(reserved: dict[int, str]) -> None:
    if reserved:
        write(_file(), json.dumps(reserved, sort_keys=True, indent=1), 0o600, None)
    else:
        remove_file(_file())
