"""An image whose digest is recorded is named by it in programs, also where a mirror serves it."""

from __future__ import annotations

import re

import pytest

from stackgen.catalog.shelf import Shelf
from stackgen.planning.images import list_images as images_of
from stackgen.planning.plan import plan_environment
from stackgen.program.build import build_program
from stackgen.spec.loading import load_spec, parse_spec
from tools.audit import images
from tools.audit.__main__ import ROOT

pytestmark = pytest.mark.unit
SHELF = Shelf()
EXAMPLE = ROOT / "stacks" / "rag-assistant" / "stack.yaml"
RECORDED = {image.partition("@")[0]: image for image in images.named(ROOT) if "@" in image}
DOCUMENTED = re.compile(r"^\| `([^`]+)` \| `(sha256:[0-9a-f]{64})` \|", re.MULTILINE)


def test_a_program_names_images_by_their_digest() -> None:
    program = (
        build_program(plan_environment(load_spec(EXAMPLE), "preprod", SHELF)).files["__main__.py"].decode()
    )
    named = {image.partition("@")[0]: image for image in images.IMAGE.findall(program)}
    pinned = {tag for tag in named if tag in RECORDED}
    assert len(pinned) >= 4
    assert {named[tag] for tag in pinned} == {RECORDED[tag] for tag in pinned}


def test_a_mirror_keeps_the_digest() -> None:
    text = EXAMPLE.read_text(encoding="utf-8")
    mirrored = text.replace(
        "{context: onprem-preprod,", "{context: onprem-preprod, image_registry: mirror.example,"
    )
    assert mirrored != text
    taken = images_of(plan_environment(parse_spec(mirrored.encode(), EXAMPLE), "preprod", SHELF))
    pinned = [image for image in taken if "@sha256:" in image.upstream]
    assert len(pinned) >= 4
    assert {image.taken for image in pinned} == {f"mirror.example/{image.upstream}" for image in pinned}


def test_every_recorded_digest_is_documented_with_its_source() -> None:
    page = (ROOT / "docs" / "installing.md").read_text(encoding="utf-8")
    assert {f"{image}@{digest}" for image, digest in DOCUMENTED.findall(page)} == {*RECORDED.values()}
