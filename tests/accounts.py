"""Accounts that servers run as where the tests run as root."""

from __future__ import annotations

import os
import pwd
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from stackgen.providers.local.operations import PROGRAM


@contextmanager
def component_account(workspace: Path, component: str | None) -> Iterator[Any]:
    """The account of a component, made as a program makes it and deleted in the end; None where we are not root."""
    sys.path.insert(0, str(PROGRAM))
    try:
        from local_provider import account, service_accounts  # pyright: ignore
    finally:
        sys.path.remove(str(PROGRAM))

    try:
        yield service_accounts.service_account(account.account_name(str(workspace), component))
    finally:
        if os.geteuid() == 0:
            for each in service_accounts.accounts_of(str(workspace)):
                service_accounts.delete_account(each)


def owner(path: Path) -> pwd.struct_passwd:
    """Whose a file or a folder is."""
    return pwd.getpwuid(path.lstat().st_uid)
