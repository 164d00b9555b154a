"""Every cloud program, against the providers' own schemas: types, arguments, explicit providers, secrets."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from stackgen.catalog.shelf import Shelf
from stackgen.planning.data_resources import data_types
from tests.clouds.programs import PROGRAMS, SECRETS, copy_of, environment, generated, program, recorded
from tests.clouds.recording import ROOT, ProgramFailed, run_program

pytestmark = pytest.mark.programs

# file, what stands there, a mistake instead, what must be said of it
MISTAKES = [
    ("aws_platform/buckets.py", '(status="Enabled")', "(status=5)", "expected str"),
    (
        "aws_platform/buckets.py",
        "bucket_key_enabled=True",
        'bucket_key_enabled="yes"',
        "expected bool|unexpected type",
    ),
    (
        "aws_platform/buckets.py",
        'sse_algorithm="aws:kms", kms_master_key_id=zone.key.arn',
        "kms_master_key_id=zone.key.arn",
        "sse_algorithm",
    ),
    ("aws_platform/buckets.py", "block_public_acls=True,", "block_public_acl=True,", "block_public_acl"),
    (
        "aws_platform/encryption.py",
        "deletion_window_in_days=30",
        'deletion_window_in_days="a month"',
        "expected",
    ),
    (
        "aws_platform/buckets.py",
        "restrict_public_buckets=True",
        "restrict_public_buckets=[True]",
        "expected bool|unexpected type",
    ),
    (
        "aws_platform/buckets.py",
        'rule=aws.s3.BucketOwnershipControlsRuleArgs(object_ownership="BucketOwnerEnforced")',
        'rule={"objectOwnerships": "BucketOwnerEnforced"}',
        "objectOwnership",
    ),
    (
        "components/foundation/aws_landing_zone.py",
        "provider=provider)\n",
        ")\n",
        "default provider|explicit provider",
    ),
]

HOLDING = data_types(Shelf()).holding
COMPUTES = ("ClusterInstance", "alloydb/instance:Instance")  # servers of a cluster that holds the data

IN_CONTAINERS = "litellm_proxy/authenticate.py"  # runs where LiteLLM is


@pytest.mark.parametrize("name", PROGRAMS)
def test_nothing_is_unknown_to_the_providers_schema(name: str) -> None:
    found = recorded(name)
    assert found.violations == []
    assert found.resources


@pytest.mark.parametrize("name", PROGRAMS)
def test_what_protect_guards_is_what_needs_a_word_to_be_deleted(name: str) -> None:
    """`--delete-data-of` asks for the types that the provider declares; `protect` guards what the program says."""
    protected = [r for r in recorded(name).resources if r.protect]
    undeclared = {r.type for r in protected if not r.type.endswith((*HOLDING, *COMPUTES))}
    assert undeclared == set(), "holds data, as it is protected, and no provider declares it in `holding`"
    if protected:
        bare = [r.name for r in recorded(name).resources if r.type.endswith(HOLDING) and not r.protect]
        assert [n for n in bare if "log" not in n] == [], "holds data, as is declared, and is not protected"


@pytest.mark.parametrize("name", PROGRAMS)
def test_secrets_are_marked_in_what_is_exported(name: str) -> None:
    found = recorded(name)
    words = ("password", "api-key", "secret-access-key", "bearer-token", "headers")
    bindings = found.outputs.get("bindings", {})
    for component, contracts in bindings.items():
        for contract, binding in contracts.items():
            for key in binding:
                if key in words:
                    path = f"bindings.{component}.{contract}.{key}"
                    assert any(path.startswith(one) for one in found.secret_outputs), path


@pytest.mark.parametrize("name", PROGRAMS)
def test_no_plain_input_holds_a_password(name: str) -> None:
    """Everything made by `random` is secret wherever it goes on to."""
    found = recorded(name)
    for resource in found.resources:
        text = json.dumps(
            {
                k: v
                for k, v in resource.inputs.items()
                if k not in {p.split(".")[0].split("[")[0] for p in resource.secrets}
            }
        )
        for made in found.of_type("random:index/randomPassword:RandomPassword"):
            assert f"{made.name}-result" not in text, f"{resource.name} has {made.name} in clear"
        assert SECRETS["huggingFaceToken"] not in text


@pytest.mark.parametrize(("file", "right", "wrong", "said"), MISTAKES)
def test_seeded_mistakes_are_found(file: str, right: str, wrong: str, said: str, tmp_path: Path) -> None:
    folder = copy_of("object_store-aws_s3", tmp_path / "program")
    path = folder / file
    text = path.read_text(encoding="utf-8")
    assert right in text
    path.write_text(text.replace(right, wrong, 1), encoding="utf-8")
    try:
        found = run_program(folder, stack="prod").violations
    except ProgramFailed as error:
        found = [str(error)]
    assert any(word.lower() in one.lower() for one in found for word in said.split("|")), found


def types(folder: Path) -> list[str]:
    """Type errors of a program, against the real SDKs."""
    command = [str(Path(sys.executable).parent / "ty"), "check", "--python", sys.prefix]
    command += ["--project", str(folder), "--output-format", "concise", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder, check=False)
    return [line for line in done.stdout.splitlines() if "error[" in line and IN_CONTAINERS not in line]


def test_types_are_right_by_ty() -> None:
    assert [line for name in PROGRAMS for line in types(program(name))] == []


def test_a_wrong_key_of_a_binding_is_a_wrong_type(tmp_path: Path) -> None:
    """As an editor shows it to an author of a component."""
    folder = tmp_path / "program"
    shutil.copytree(program("prod"), folder)
    component = folder / "components" / "object_store" / "aws_s3.py"
    text = component.read_text(encoding="utf-8")
    for right, wrong in (('"bucket":', '"bucke":'), ('"region":', '"region": 1, "x":')):
        assert right in text
        component.write_text(text.replace(right, wrong), encoding="utf-8")
        assert [line for line in types(folder) if "aws_s3.py" in line], wrong


@pytest.mark.parametrize("provider", ["aws", "gcp"])
def test_nothing_happens_in_an_ambient_account(provider: str, tmp_path: Path) -> None:
    """Without the account in its configuration the program stops before the first resource."""
    text = f"""
apiVersion: stackgen/v1
name: ambient
components: {{documents: {{capability: object_store}}}}
environments: {{prod: {{provider: {provider}}}}}
"""
    folder = generated(text, tmp_path)
    with pytest.raises(ProgramFailed, match="Missing required configuration"):
        run_program(folder)
    settings = {"awsAccount": "111122223333", "gcpProject": "example-project"}
    found = run_program(folder, settings)
    accounts = [
        r for r in found.resources if r.type.startswith("pulumi:providers:") and "random" not in r.type
    ]
    assert accounts
    for one in accounts:
        assert (
            one.inputs.get("allowedAccountIds") == '["111122223333"]'
            or one.inputs.get("project") == "example-project"
        ), one.inputs
    assert "pulumi:disable-default-providers" in (folder / "Pulumi.yaml").read_text(encoding="utf-8")


def test_only_what_is_used_is_made_on_the_second_provider() -> None:
    """A mixed environment whose one box elsewhere is a model needs no network there, and no stored key."""
    found = recorded("prod-mixed")
    elsewhere = {r.type for r in found.resources if r.type.startswith("gcp:")}
    assert "gcp:compute/network:Network" not in elsewhere
    assert not any(
        ("Key:" in kind and "HmacKey" in kind) or "serviceaccount/key" in kind for kind in elsewhere
    )
    pool = found.of_type("gcp:iam/workloadIdentityPoolProvider:WorkloadIdentityPoolProvider")[0]
    assert pool.inputs["aws"] == {"accountId": "111122223333"}
    member = next(r for r in found.resources if r.inputs.get("role") == "roles/iam.workloadIdentityUser")
    assert member.inputs["member"].startswith("principalSet://iam.googleapis.com/")
    assert member.inputs["member"].endswith("/attribute.aws_role/rag-assistant-prod-mixed-gateway-task")


def test_the_other_way_round_federates_too(tmp_path: Path) -> None:
    """A gateway on Google Cloud calls Bedrock by assuming a role with its own identity."""
    text = """
apiVersion: stackgen/v1
name: other-way
components:
  chat: {capability: chat_model, model: gpt-oss-20b, implementation: aws/bedrock}
  gateway: {capability: ai_gateway, serves: [chat]}
environments:
  prod:
    provider: gcp
    settings: {project: example-project}
    providers: {aws: {account: "111122223333", region: eu-central-1}}
"""
    found = run_program(generated(text, tmp_path), stack="prod")
    assert found.violations == []
    roles = [r for r in found.of_type("aws:iam/role:Role") if "from-gateway" in r.name]
    trust = json.loads(roles[0].inputs["assumeRolePolicy"])["Statement"][0]
    assert trust["Action"] == "sts:AssumeRoleWithWebIdentity"
    assert set(trust["Condition"]["StringEquals"]) == {"accounts.google.com:sub", "accounts.google.com:oaud"}
    assert not [r for r in found.resources if r.type == "aws:ec2/vpc:Vpc"]


def test_a_challenger_on_the_other_cloud_gets_its_share(tmp_path: Path) -> None:
    text = """
apiVersion: stackgen/v1
name: shares
components:
  champion: {capability: chat_model, model: gpt-oss-20b}
  challenger: {capability: chat_model, model: gemini-3.5-flash, implementation: gcp/vertex-ai}
  gateway:
    capability: ai_gateway
    serves: [champion, challenger]
    splits: {answers: {champion: 90, challenger: 10}}
environments:
  prod: {provider: aws, settings: {account: "111122223333"}, providers: {gcp: {project: example-project}}}
"""
    found = run_program(generated(text, tmp_path), stack="prod")
    assert found.violations == []
    assert found.outputs["bindings"]["gateway"]["openai-chat"]["model"] == "answers"
    assert found.outputs["bindings"]["champion"]["openai-chat"]["model"] == "champion"
    task = json.loads(
        found.named("gateway-task", "aws:ecs/taskDefinition:TaskDefinition").inputs["containerDefinitions"]
    )
    variables = {item["name"]: item["value"] for item in task[0]["environment"]}
    listed = json.loads(variables["FILE_ETC_LITELLM_CONFIG_JSON"])["model_list"]
    shares = [
        (m["litellm_params"]["model"], m["litellm_params"]["weight"])
        for m in listed
        if m["model_name"] == "answers"
    ]
    assert shares == [("bedrock/converse/openai.gpt-oss-20b-1:0", 90), ("vertex_ai/gemini-3.5-flash", 10)]


@pytest.mark.parametrize(
    ("provider", "settings", "absent"),
    [
        (
            "aws",
            "account: '111122223333', vpc_id: vpc-0a1b2c3d, private_subnet_ids: [subnet-0a1b2c3d, subnet-0a1b2c3e]",
            (
                "aws:ec2/vpc:Vpc",
                "aws:ec2/subnet:Subnet",
                "aws:ec2/natGateway:NatGateway",
                "aws:ec2/vpcEndpoint:VpcEndpoint",
            ),
        ),
        (
            "gcp",
            "project: example-project, network: projects/hub/global/networks/shared, "
            "subnetwork: projects/hub/regions/europe-west3/subnetworks/ai",
            (
                "gcp:compute/network:Network",
                "gcp:compute/subnetwork:Subnetwork",
                "gcp:dns/managedZone:ManagedZone",
            ),
        ),
    ],
)
def test_a_network_that_others_own_is_used_as_it_is(
    provider: str, settings: str, absent: tuple[str, ...], tmp_path: Path
) -> None:
    text = f"""
apiVersion: stackgen/v1
name: guest
components:
  knowledge: {{capability: vector_store}}
  app: {{capability: service, source: ., command: [run], uses: [knowledge]}}
environments: {{prod: {{provider: {provider}, settings: {{{settings}}}}}}}
"""
    found = run_program(generated(text, tmp_path), stack="prod")
    assert found.violations == []
    assert not {resource.type for resource in found.resources} & set(absent)


@pytest.mark.parametrize("name", PROGRAMS)
def test_every_component_registers_with_its_provider_and_parent(name: str) -> None:
    for resource in recorded(name).resources:
        if resource.custom and not resource.type.startswith("pulumi:providers:"):
            assert resource.parent.split("::")[2] != "pulumi:pulumi:Stack", f"{resource.name} has no parent"
            assert resource.provider, resource.name


def test_stacks_are_named() -> None:
    assert all(environment(name) for name in PROGRAMS)
    assert (ROOT / "stacks").is_dir()
