"""Checks which process listens on a port: on a machine with several users it may be another one than expected."""

from __future__ import annotations

import os
import pwd
import struct
from collections.abc import Iterator, Mapping
from contextlib import suppress
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit

import psutil

from local_provider import proc_files
from local_provider.workspace_files import read

LOOPBACK = ("127.0.0.1", "localhost", "::1")
TABLES = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))
_LISTEN = "0A"  # TCP_LISTEN
EVERYWHERE = (str(IPv4Address(0)), str(IPv6Address(0)))  # where a server listens on every address


def health_port(health: Mapping[str, Any]) -> int | None:
    """Return the port of a health check; None if it has none."""
    return _asked(health).port


def serves(pid: int, health: Mapping[str, Any]) -> bool:
    """Return True if the supervised process `pid`, its group or its children listen at the port of the health check.

    If this user may not see the sockets of another user's process, such as in a container without the capability
    SYS_PTRACE: True if all listeners there belong to the user of the process.
    """
    asked = _asked(health)
    if asked.port is None:
        return True
    places = {(host, asked.port) for host in (asked.hostname, *EVERYWHERE)}
    try:
        return any(not places.isdisjoint(_places(process)) for process in family(pid))
    except psutil.AccessDenied:
        return users_at(str(asked.hostname), asked.port, listeners()) == {psutil.Process(pid).uids().real}


def listeners() -> dict[tuple[str, int], set[int]]:
    """Return address of this machine → users whose processes listen there; -1 for a user that can't be seen.

    Raises psutil.AccessDenied if the system does not list listeners.
    """
    found: dict[tuple[str, int], set[int]] = {}
    for place, user in _tables() if TABLES[0].exists() else _connections():
        found.setdefault(place, set()).add(user)
    return found


def _tables() -> Iterator[tuple[tuple[str, int], int]]:
    """What Linux says to all its users, see proc_net_tcp in the kernel's documentation."""
    for table in TABLES:
        with suppress(FileNotFoundError):  # a kernel without IPv6
            for line in table.read_text(encoding="ascii").splitlines()[1:]:
                words = line.split()
                if words[3] == _LISTEN:
                    address, _, port = words[1].partition(":")
                    yield _place((_address(bytes.fromhex(address)), int(port, 16))), int(words[7])


def _address(words: bytes) -> str:
    """An address out of words of 32 bits in this machine's order of bytes."""
    found = struct.pack(f"!{len(words) // 4}I", *struct.unpack(f"={len(words) // 4}I", words))
    return str(IPv4Address(found) if len(found) == 4 else IPv6Address(found))


def _connections() -> Iterator[tuple[tuple[str, int], int]]:
    for connection in psutil.net_connections("tcp"):
        if connection.status == psutil.CONN_LISTEN and connection.laddr:
            yield _place(connection.laddr), _user(connection.pid)


def users_at(host: str, port: int, known: Mapping[tuple[str, int], set[int]]) -> set[int]:
    """Users who get what is sent to an address, of those that `listeners` has."""
    hosts = LOOPBACK if host == "localhost" else (host,)
    return set().union(*(known.get((place, port), ()) for place in (*hosts, *EVERYWHERE)))


def _user(pid: int | None) -> int:
    try:
        return -1 if pid is None else psutil.Process(pid).uids().real
    except psutil.Error:
        return -1


def port_file(workspace: str, port: int) -> Path:
    """Return the file that notes the account of a workspace's port while its server starts."""
    return Path(workspace, "supervisor", "ports", str(port))


def of_servers(url: str, workspace: str) -> bool:
    """Return True if only the workspace's own server listens at a URL, or the URL is of another machine."""
    place = urlsplit(url)
    if place.hostname not in LOOPBACK or place.port is None:
        return True
    try:
        users = users_at(place.hostname, place.port, listeners())
    except psutil.AccessDenied:  # macOS tells only root
        return True
    try:
        name = read(port_file(workspace, place.port)).decode()
        expected = pwd.getpwnam(name).pw_uid if name else os.geteuid()
    except (OSError, KeyError):
        return False
    return users == {expected}


def holder(port: int) -> str:
    """Describe the listener of a port for messages: ` by NAME (process N of USER)`; empty if it is not known."""
    try:
        for connection in psutil.net_connections("tcp"):
            place: tuple[Any, ...] = connection.laddr
            if connection.status == psutil.CONN_LISTEN and place[1:] == (port,) and connection.pid:
                process = psutil.Process(connection.pid)
                return f" by {proc_files.name(process)} (process {process.pid} of {process.username()})"
    except (psutil.Error, OSError):
        pass
    return ""


def family(pid: int) -> Iterator[psutil.Process]:
    """The process, its descendants, and what else is in its group: a server's workers, which run as the same user.

    Processes of every user in the supervisor's session can join its groups.
    """
    try:
        leader = psutil.Process(pid)
        user = leader.uids()
        yield leader
        yield from leader.children(recursive=True)
    except psutil.Error:
        return
    for process in psutil.process_iter():
        if process.pid != pid and _group(process.pid) == pid and _users(process) == user:
            yield process


def _users(process: psutil.Process) -> Any:
    try:
        return process.uids()
    except psutil.Error:
        return None


def _group(pid: int) -> int | None:
    try:
        return os.getpgid(pid)
    except OSError:
        return None


def _asked(health: Mapping[str, Any]) -> SplitResult:
    return urlsplit(str(health.get("http") or (f"tcp://{health['tcp']}" if health.get("tcp") else "")))


def _places(process: psutil.Process) -> set[tuple[str, int]]:
    try:
        found = process.net_connections("tcp")
    except psutil.NoSuchProcess:
        return set()
    return {_place(c.laddr) for c in found if c.status == psutil.CONN_LISTEN and c.laddr}


def _place(address: Any) -> tuple[str, int]:
    """Address and port; an IPv4 address that is written as an IPv6 one, as IPv4: connections to it arrive there."""
    known = ip_address(str(address[0]))
    plain = known.ipv4_mapped if isinstance(known, IPv6Address) else None
    return str(plain or known), int(address[1])
