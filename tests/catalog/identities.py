"""Every implementation of a provider in one program, and what each of its resources is known by.

Two resources that are known by the same are one: Pulumi refuses two of a type and a name below one type of parent, and
an API makes one object of two that have its kind and its name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from stackgen.catalog.shelf import Shelf
from stackgen.disk.writing import write_program
from stackgen.planning.model import Plan
from stackgen.planning.plan import plan_environment
from stackgen.program.build import build_program
from stackgen.spec.loading import parse_spec
from stackgen.spec.stack import SLUG
from tests.clouds.recording import Resource, run_program

SPECS = Path(__file__).parent / "everything"
PROVIDERS = tuple(sorted(file.stem for file in SPECS.glob("*.yaml")))
ENVIRONMENT = "it"  # short, so that no name is cut
SECRETS = {"huggingFaceToken": "hf-canary-3141592653"}

NAMES = re.compile(r"(^name|Name|[iI]dentifier|Id|^family|^bucket|^path|^owner)$")
"""Inputs that say what a thing is called, or which thing something belongs to."""
FREE = re.compile(r"displayName|Prefix$")
"""Those of them that two things may share, since the API adds digits of its own or asks for no other."""
WITHIN = (":RolePolicy",)  # its name is one of its role's
MADE: dict[str, tuple[tuple[str, str], ...]] = {
    # https://cloudnative-pg.io/documentation/current/service_management/ and .../certificates/
    "kubernetes:postgresql.cnpg.io/v1:Cluster": (
        *(("kubernetes:core/v1:Service", f"-{end}") for end in ("rw", "ro", "r")),
        *(("kubernetes:core/v1:Secret", f"-{end}") for end in ("ca", "server", "replication")),
        ("kubernetes:policy/v1:PodDisruptionBudget", ""),
        ("kubernetes:policy/v1:PodDisruptionBudget", "-primary"),
        ("kubernetes:core/v1:ServiceAccount", ""),
    ),
    # https://kserve.github.io/website: the predictor's Deployment, Service and autoscaler, in raw mode
    "kubernetes:serving.kserve.io/v1beta1:InferenceService": (
        ("kubernetes:core/v1:Service", ""),
        ("kubernetes:core/v1:Service", "-predictor"),
        ("kubernetes:apps/v1:Deployment", "-predictor"),
        ("kubernetes:autoscaling/v2:HorizontalPodAutoscaler", "-predictor"),
    ),
    # https://rook.io/docs/rook/latest/Storage-Configuration/Object-Storage-RGW/ceph-object-bucket-claim/
    "kubernetes:objectbucket.io/v1alpha1:ObjectBucketClaim": (
        ("kubernetes:core/v1:ConfigMap", ""),
        ("kubernetes:core/v1:Secret", ""),
    ),
    "kubernetes:cert-manager.io/v1:Certificate": (("kubernetes:core/v1:Secret", ""),),
}
"""Kind → what its operator makes besides: kind, and what follows the name."""
RUN = "the folder, log and account of a process"
LOCAL_RUN = ("local:Process", "local:Job")


@dataclass(frozen=True)
class Known:
    """By what one resource is known. kind: among what. before, after: the text around the name of a component."""

    kind: str
    before: str
    after: str


@dataclass
class Everything:
    """Of one provider: its plan, all that was recorded, and by what resources are known.

    components: of each component. foundation: kind and text of what has no component's name in it.
    """

    plan: Plan
    recorded: str
    components: dict[str, set[Known]] = field(default_factory=dict[str, set[Known]])
    foundation: set[tuple[str, str]] = field(default_factory=set[tuple[str, str]])

    @cached_property
    def by_kind(self) -> dict[str, list[tuple[str, Known]]]:
        """Kind → component, by what it is known among these."""
        found: dict[str, list[tuple[str, Known]]] = {}
        for name, each in self.components.items():
            for known in each:
                found.setdefault(known.kind, []).append((name, known))
        return found

    def sharing(self, own: Known) -> list[tuple[str, Known]]:
        """All that is known among the same."""
        return self.by_kind[own.kind]


def everything(provider: str, folder: Path) -> Everything:
    """All that a provider's implementations make, each under a component's name; its program is written to `folder`."""
    text = (SPECS / f"{provider}.yaml").read_bytes()
    (folder / "requirements.txt").touch()
    planned = plan_environment(parse_spec(text, folder / "stack.yaml"), ENVIRONMENT, Shelf())
    write_program(build_program(planned, folder / "program"))
    recorded = run_program(folder / "program", SECRETS, stack=ENVIRONMENT)
    found = Everything(planned, " ".join(f"{r.name} {r.inputs}" for r in recorded.resources))
    found.components = {item.name: set() for item in planned.components}
    names = re.compile("|".join(found.components))
    for resource in recorded.resources:
        for kind, known_by in _known_by(resource):
            matches = list(names.finditer(known_by))
            for match in matches:
                before, after = known_by[: match.start()], known_by[match.end() :]
                found.components[match.group()].add(
                    Known(kind, names.sub("*", before), names.sub("*", after))
                )
            if not matches:
                found.foundation.add((kind, known_by))
    return found


def _known_by(resource: Resource) -> Iterator[tuple[str, str]]:
    yield resource.urn.split("::")[2], resource.name
    if not resource.custom:
        return
    metadata = resource.inputs.get("metadata")
    if isinstance(metadata, Mapping) and metadata.get("name"):
        name = str(metadata["name"])
        yield resource.type, name
        for kind, end in MADE.get(resource.type, ()):
            yield kind, f"{name}{end}"
    for key, value in resource.inputs.items():
        if isinstance(value, str) and NAMES.search(key) and not FREE.search(key):
            if not resource.type.endswith(WITHIN):
                yield f"{resource.type} {key}", value
            if key == "name" and resource.type.endswith(LOCAL_RUN):
                yield RUN, value
            if key == "path" and "/run/" in value:
                yield RUN, value.rpartition("/run/")[2]


def taken(found: Everything, component: str) -> dict[str, set[str]]:
    """What follows the component's name in names that others would share something by → these other components."""
    ends: dict[str, set[str]] = {}
    for own in found.components[component]:
        for other, known in found.sharing(own):
            between = own.after.removesuffix(known.after) if own.after.endswith(known.after) else ""
            if own.before == known.before and re.fullmatch(r"-[a-z0-9-]*[a-z0-9]", between):
                ends.setdefault(between[1:], set()).add(other)
    return ends


def taken_in_front(found: Everything, component: str) -> set[str]:
    """What stands before the component's name in such names."""
    fronts = {
        own.before.removesuffix(known.before)
        for own in found.components[component]
        for _, known in found.sharing(own)
        if own.after == known.after and own.before.endswith(known.before)
    }
    return {front for front in fronts if re.fullmatch(r"[a-z][a-z0-9-]*-", front)}


def taken_by_foundation(found: Everything) -> set[str]:
    """Names that a component of the provider would share with what all of them stand on."""
    names = {
        text.removeprefix(known.before).removesuffix(known.after)
        for kind, text in found.foundation
        for _, known in found.by_kind.get(kind, ())
        if text.startswith(known.before) and text.endswith(known.after)
    }
    return {name for name in names if re.fullmatch(SLUG, name)}
