"""stackgen schema: JSON Schema of a spec."""

from __future__ import annotations

import json
from argparse import Namespace
from pathlib import Path

from stackgen.cli.console import Answer, Console
from stackgen.environment.opening import load_shelf


def run(arguments: Namespace, console: Console) -> Answer:
    """The schema itself, draft-07, not in an envelope unless --json asks for one."""
    from stackgen.catalog.json_schema import json_schema

    schema = json_schema(load_shelf(Path.cwd()))
    return Answer(schema, json.dumps(schema, indent=2, ensure_ascii=False))
