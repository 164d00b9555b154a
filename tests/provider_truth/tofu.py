"""OpenTofu with the built providers: offline, without a registry, without anybody's credentials."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.clouds.shapes import JSON
from tests.provider_truth import build
from tests.provider_truth.sources import AWS, GOOGLE, TOFU, Source, cache

PROVIDERS: dict[str, Source] = {"aws": AWS, "gcp": GOOGLE}
SETTINGS: dict[str, JSON] = {
    "aws": {
        "region": "eu-central-1",
        "access_key": "nobody",
        "secret_key": "nobody",
        "skip_credentials_validation": True,
        "skip_requesting_account_id": True,
        "skip_metadata_api_check": True,
        "skip_region_validation": False,
    },
    "google": {"project": "example-project", "region": "europe-west3", "access_token": "nobody"},
}
"""Enough for a plan of what does not exist yet: no call is made with it."""


def ready() -> bool:
    """Whether all judges are built."""
    return all(build.built(source) for source in (TOFU, *PROVIDERS.values()))


def versions() -> dict[str, str]:
    """Judge → release and the module's version."""
    return {source.name: f"{source.release} ({source.version})" for source in (TOFU, *PROVIDERS.values())}


def schemas() -> dict[str, dict[str, Any]]:
    """Pulumi's package → Terraform's type → its block."""
    return {package: _schema(source) for package, source in PROVIDERS.items()}


def _schema(source: Source) -> dict[str, Any]:
    binary = build.build(source)
    kept = cache() / f"schema-{binary.parent.name}.json"
    if not kept.exists():
        document = {
            "terraform": {"required_providers": {source.local: {"source": f"hashicorp/{source.local}"}}}
        }
        told = run(["providers", "schema", "-json"], document)
        found = next(iter(json.loads(told)["provider_schemas"].values()))["resource_schemas"]
        kept.write_text(json.dumps({name: one["block"] for name, one in found.items()}), encoding="utf-8")
    return json.loads(kept.read_text(encoding="utf-8"))


def validate(document: Mapping[str, JSON]) -> list[dict[str, JSON]]:
    """All diagnostics of `tofu validate`."""
    return json.loads(run(["validate", "-json"], document))["diagnostics"]


def plan(document: Mapping[str, JSON]) -> tuple[int, list[dict[str, JSON]]]:
    """Resources that `tofu plan` would add, and its diagnostics."""
    flags = ["-json", "-input=false", "-refresh=false", "-lock=false"]
    lines = [
        json.loads(line) for line in run(["plan", *flags], document).splitlines() if line.startswith("{")
    ]
    added = next((line["changes"]["add"] for line in lines if line.get("type") == "change_summary"), 0)
    return added, [line["diagnostic"] for line in lines if line.get("type") == "diagnostic"]


def run(arguments: Sequence[str], document: Mapping[str, JSON]) -> str:
    """What OpenTofu prints, in a folder with this configuration."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "main.tf.json").write_text(json.dumps(document), encoding="utf-8")
        settings = Path(folder, "settings.tofurc")
        settings.write_text(_overrides(), encoding="utf-8")
        environment = {
            **{key: os.environ[key] for key in ("PATH", "HOME") if key in os.environ},
            "TF_CLI_CONFIG_FILE": str(settings),
            "TF_IN_AUTOMATION": "1",
            "CHECKPOINT_DISABLE": "1",
        }
        command = [str(build.build(TOFU)), *arguments]
        done = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, timeout=600, check=False
        )
    if not done.stdout:
        raise RuntimeError(f"tofu {arguments[0]} said nothing but:\n{done.stderr[-3000:]}")
    return done.stdout


def _overrides() -> str:
    """Providers are taken from the cache (https://opentofu.org/docs/cli/config/config-file/)."""
    places = "".join(
        f'    "hashicorp/{source.local}" = "{build.build(source).parent}"\n' for source in PROVIDERS.values()
    )
    return f"provider_installation {{\n  dev_overrides {{\n{places}  }}\n  direct {{}}\n}}\n"
