"""Accounts of an environment that has gone are deleted, with what was installed for them."""

from __future__ import annotations

from pathlib import Path

from local_provider.account import account_home, accounts_of, delete_account
from local_provider.workspace_files import is_folder, names, remove_tree


def delete_unused_accounts(workspace: Path) -> None:
    """Nothing happens while the environment runs, or has data that belongs to its accounts."""
    if is_folder(workspace / "supervisor") or names(workspace / "data") or names(workspace / "run"):
        return
    for account in accounts_of(str(workspace)):
        remove_tree(account_home(account))
        delete_account(account)
