"""The Automation API's workspace, with outputs that are read at one time."""

from __future__ import annotations

import json

from pulumi.automation import LocalWorkspace, OutputMap, OutputValue


class Workspace(LocalWorkspace):
    """A folder that `pulumi` works in."""

    def stack_outputs(self, stack_name: str) -> OutputMap:
        """Each exported value of a stack, in clear, and all of them as secrets.

        `LocalWorkspace` runs `pulumi` twice to know which are secrets; an update may write others between the two.
        """
        words = ["stack", "output", "--json", "--show-secrets", "--stack", stack_name]
        values = json.loads(self.pulumi_command.run(words, self.work_dir, {}).stdout)
        return {name: OutputValue(value, secret=True) for name, value in values.items()}
