"""Who gets out of a cloud's network: who needs it, or is named with a reason, and nobody else."""

from __future__ import annotations

from pathlib import Path

import pytest

from stackgen.catalog.shelf import Shelf
from stackgen.errors import StackgenError
from stackgen.planning.plan import plan_environment
from stackgen.spec.loading import parse_spec
from tests.clouds.programs import generated
from tests.clouds.recording import Recording, run_program
from tests.conftest import Cli

MIRROR = "111122223333.dkr.ecr.eu-central-1.amazonaws.com"
SPEC = """
apiVersion: stackgen/v1
name: egress
components:
  documents: {{capability: object_store}}
  {more}
  app: {{capability: service, source: ., command: [run], uses: [{uses}]}}
  nightly: {{capability: job, source: ., command: [run], uses: [documents]}}
environments:
  prod:
    provider: {provider}
    settings: {{{settings}}}
"""
ACCOUNTS = {"aws": 'account: "111122223333"', "gcp": "project: example-project"}
GATEWAY = (
    "gateway: {capability: ai_gateway, serves: [chat]}\n  chat: {capability: chat_model, model: gpt-oss-20b}"
)
EMBEDDER = "embedder: {capability: embedding_model, model: all-minilm-l6-v2}"


def _spec(provider: str, settings: str = "", more: str = "", uses: str = "documents") -> str:
    settings = f"{ACCOUNTS[provider]}, {settings}" if settings else ACCOUNTS[provider]
    return SPEC.format(provider=provider, settings=settings, more=more, uses=uses)


def _planned(text: str, folder: Path) -> dict[str, str]:
    return dict(plan_environment(parse_spec(text.encode(), folder / "stack.yaml"), "prod", Shelf()).egress)


def _let_out(found: Recording) -> set[str]:
    """Workloads with a rule to the whole internet."""
    rules = found.of_type("aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule")
    names = {r.name for r in rules if r.inputs.get("cidrIpv4") == "0.0.0.0/0"}
    for wall in found.of_type("gcp:compute/firewall:Firewall"):
        if wall.inputs["direction"] == "EGRESS" and "allows" in wall.inputs:
            names |= {wall.name} if wall.inputs["destinationRanges"] == ["0.0.0.0/0"] else set()
    return {name.removesuffix("-to-internet") for name in names}


def _ways_out(found: Recording) -> list[str]:
    kinds = ("natGateway:NatGateway", "internetGateway:InternetGateway", "routerNat:RouterNat")
    return [r.name for r in found.resources if r.type.endswith(kinds)]


@pytest.mark.programs
@pytest.mark.parametrize("provider", ACCOUNTS)
def test_an_application_and_its_data_have_no_way_out(provider: str, tmp_path: Path) -> None:
    found = run_program(generated(_spec(provider), tmp_path), stack="prod")
    assert _let_out(found) == set()
    assert _ways_out(found) == []
    routes = [r for r in found.resources if r.type.endswith((":Route", "route:Route"))]
    assert [r.name for r in routes if "0.0.0.0/0" in str(r.inputs)] == []


@pytest.mark.programs
@pytest.mark.parametrize("provider", ACCOUNTS)
def test_who_is_named_gets_out_and_nobody_else(provider: str, tmp_path: Path) -> None:
    text = _spec(provider, "egress: {app: calls the API of a vendor}")
    folder = generated(text, tmp_path)
    found = run_program(folder, stack="prod")
    assert _let_out(found) == {"app"}
    assert _ways_out(found) != []
    assert '"app": "calls the API of a vendor"' in (folder / "__main__.py").read_text(encoding="utf-8")


@pytest.mark.unit
def test_components_that_cannot_do_without_say_why(tmp_path: Path) -> None:
    aws = _planned(_spec("aws", more=f"{GATEWAY}\n  {EMBEDDER}", uses="gateway"), tmp_path)
    assert set(aws) == {"gateway", "embedder"}
    assert "image_registry" in aws["gateway"]
    assert "https://huggingface.co" in aws["embedder"]
    gcp = _planned(_spec("gcp", more=EMBEDDER, uses="embedder"), tmp_path)
    assert set(gcp) == {"embedder"}


@pytest.mark.unit
def test_the_plan_prints_who_gets_out_and_why(cli: Cli) -> None:
    folder = cli.folder / "stacks" / "egress"
    folder.mkdir(parents=True)
    (folder / "stack.yaml").write_text(_spec("gcp", more=EMBEDDER, uses="embedder"), encoding="utf-8")
    done = cli("plan", "egress", "-e", "prod")
    why = "its weights come from https://huggingface.co"
    assert f"embedder may open HTTPS connections to the internet: {why}" in done.stdout
    assert "app may open" not in done.stdout


@pytest.mark.programs
def test_a_mirror_in_ecr_closes_the_network(tmp_path: Path) -> None:
    settings = f"egress: none, image_registry: {MIRROR}"
    text = _spec("aws", settings, more=GATEWAY, uses="gateway")
    assert _planned(text, tmp_path) == {}
    found = run_program(generated(text, tmp_path), stack="prod")
    assert (_let_out(found), _ways_out(found)) == (set(), [])


@pytest.mark.unit
def test_images_outside_ecr_need_a_way_out(tmp_path: Path) -> None:
    text = _spec("aws").replace(
        "uses: [documents]}\n  nightly", "uses: [documents], settings: {image: IMAGE}}\n  nightly"
    )
    assert set(_planned(text.replace("IMAGE", "ghcr.io/example/app:1"), tmp_path)) == {"app"}
    assert _planned(text.replace("IMAGE", f"'{MIRROR}/app:1'"), tmp_path) == {}


@pytest.mark.unit
def test_a_model_on_another_cloud_is_a_reason(tmp_path: Path) -> None:
    elsewhere = GATEWAY.replace("gpt-oss-20b", "gemini-3.5-flash, implementation: gcp/vertex-ai")
    settings = f"image_registry: {MIRROR}"
    text = _spec("aws", settings, more=elsewhere, uses="gateway")
    text += "    providers: {gcp: {project: example-project}}\n"
    assert _planned(text, tmp_path) == {"gateway": "it calls chat on gcp"}


@pytest.mark.unit
def test_none_refuses_what_cannot_do_without(tmp_path: Path) -> None:
    text = _spec("gcp", "egress: none", more=EMBEDDER, uses="embedder")
    with pytest.raises(StackgenError) as caught:
        _planned(text, tmp_path)
    problem = caught.value.problems[0]
    assert problem.code == "internet-needed"
    assert "embedder, since its weights come from https://huggingface.co" in problem.message
