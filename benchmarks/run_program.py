"""Runs a Pulumi program under Pulumi's own mocks: what the program and the SDK cost, without engine and cloud.

Usage: python -m benchmarks.run_program FOLDER [RECORD.json]
"""

from __future__ import annotations

import asyncio
import json
import os
import runpy
import sys
from pathlib import Path
from typing import Any

import yaml
from pulumi.runtime import config, settings
from pulumi.runtime import mocks as pulumi_mocks
from pulumi.runtime import stack as pulumi_stack


class Cloud(pulumi_mocks.Mocks):
    """Gives every resource an identifier and an ARN."""

    def __init__(self) -> None:
        self.resources: list[tuple[str, str, Any]] = []
        self.components: list[tuple[str, str]] = []
        self.calls: list[str] = []

    def new_resource(self, args: pulumi_mocks.MockResourceArgs) -> tuple[str | None, dict[Any, Any]]:
        if args.custom:
            self.resources.append((args.typ, args.name, args.inputs))
        elif args.typ != "pulumi:pulumi:Stack":
            self.components.append((args.typ, args.name))
        state = {
            "arn": f"arn:aws:bench:eu-central-1:111122223333:{args.name}",
            "bucket": args.name,
            "keyId": args.name,
        }
        return f"{args.name}-id", {**state, **args.inputs}

    def call(self, args: pulumi_mocks.MockCallArgs) -> dict[Any, Any]:
        self.calls.append(args.token)
        return {"names": ["eu-central-1a", "eu-central-1b"]}


def run(folder: Path) -> Cloud:
    """Run a program as the language host does; raises whatever it raises."""
    cloud, project = Cloud(), yaml.safe_load((folder / "Pulumi.yaml").read_text())
    pulumi_mocks.set_mocks(cloud, project["name"], "bench", preview=False)
    config.set_all_config(
        {
            f"{project['name']}:{key}": value["default"]
            for key, value in project["config"].items()
            if "default" in value
        }
    )
    settings.set_root_resource(None)  # type: ignore[arg-type]  # the program's own comes
    outputs: Any = getattr(settings.SETTINGS, "outputs")  # noqa: B009
    outputs.clear()  # set_mocks made a stack of its own, on a loop that never runs
    os.chdir(folder)
    sys.path.insert(0, str(folder))
    asyncio.run(pulumi_stack.run_in_stack(lambda: runpy.run_path(str(folder), run_name="__main__")))
    return cloud


def main() -> None:
    """Run, and note what was declared and loaded where asked to."""
    cloud = run(Path(sys.argv[1]).resolve())
    if len(sys.argv) > 2:
        modules = sorted(name for name in sys.modules if name.startswith("pulumi_"))
        found = {
            "resources": sorted(cloud.resources, key=lambda item: item[:2]),
            "components": sorted(cloud.components),
            "calls": cloud.calls,
            "modules": modules,
        }
        Path(sys.argv[2]).write_text(json.dumps(found, indent=1, default=str))


if __name__ == "__main__":
    main()
