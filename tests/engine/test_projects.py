"""What of a checkout decides how the engine runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from stackgen.engine import projects
from stackgen.errors import StackgenError

pytestmark = pytest.mark.unit


HIDDEN = "!!binary ZW52aXJvbm1lbnQ="  # `environment` to Pulumi


@pytest.mark.parametrize("name", ["Pulumi.prod.yaml", "pulumi.PROD.yml"])
@pytest.mark.parametrize(
    "text",
    [
        "environment: [a/b]",
        "config: {}\nenvironment:\n  values: {}",
        '{"environment": {}}',
        "config: &c {a:b: c}\nencryptionsalt: *c",
        '"\\x65nvironment": [a]',
        "<<: {environment: [a]}",
        "imports: [a]",
        f"{HIDDEN}: [a]",
        f"config: {{}}\n? {HIDDEN}\n: [a]",
        "&a environment: [a]",
        "config: {}\nconfig: {a:b: c}",
        "# a\x85environment: [a]",
        "# a\renvironment: [a]",
        "config: {}\n---\nenvironment: [a]",
        "[environment]",
        "? [config]\n: {}",
        "config: {a:b: [c}",
    ],
)
def test_no_environment_of_a_checkout_is_opened(
    text: str, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pulumi would set its variables in the engine, also for `down`, which runs nothing of a checkout.

    In any case of letters: a file system may not tell them apart.
    """
    monkeypatch.setenv("STACKGEN_CACHE_HOME", str(tmp_path / "cache"))
    program = tmp_path / "prod"
    program.mkdir()
    (program / "Pulumi.yaml").write_text("name: claims")
    settings = program / name
    settings.write_bytes(b"# of prod\r\nconfig:\r\n  aws:region: eu-central-1\r\n  app:environment: prod\r\n")
    assert projects.deleting_project("claims", program, tmp_path / "python", {}).is_dir()
    settings.write_bytes(text.encode())
    for stand in (
        lambda: projects.deleting_project("claims", program, tmp_path / "python", {}),
        lambda: projects.running_project(program, tmp_path / "python"),
    ):
        with pytest.raises(StackgenError) as refused:
            stand()
        assert refused.value.problems[0].code == "engine-settings"


@pytest.mark.parametrize(
    "text",
    [
        "config:\n  claims:a: 1\n  a: 2",
        "config: [a]",
        "config: !!omap [a: b]",
        "config: !!map text",
        "config: !!map [a, b]",
        "!!set {config}",
        "config: text",
        "config: {a: 2001-99-99}",
        "config: {a: !!int abc}",
        "config: {a: !!int ''}",
        "config: {a: !!bool abc}",
        "config: {a: !mine b}",
    ],
)
def test_settings_that_the_engine_may_read_otherwise_are_refused(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STACKGEN_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "Pulumi.yaml").write_text("name: claims\nconfig: {a: {type: string}}\n")
    (tmp_path / "Pulumi.prod.yaml").write_text("config: {claims:a: set by hand}")
    assert projects.running_project(tmp_path, tmp_path / "python").is_dir()
    (tmp_path / "Pulumi.prod.yaml").write_text(text)
    with pytest.raises(StackgenError) as refused:
        projects.running_project(tmp_path, tmp_path / "python")
    assert refused.value.problems[0].code == "engine-settings"


def test_the_state_is_encrypted_by_whom_the_shell_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A checkout could name a key of its own: whoever has it decides later whether the state can be read."""
    monkeypatch.setenv("STACKGEN_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("STACKGEN_SECRETS_PROVIDER", raising=False)
    provider = "awskms://alias/claims?region=eu-central-1"
    settings = tmp_path / "Pulumi.prod.yaml"
    for plain in ("secretsprovider: passphrase\n", "encryptionsalt: v1:abc=:v1:def:ghi\n"):
        settings.write_text(plain)
        assert projects.deleting_project("claims", tmp_path, tmp_path / "python", {}).is_dir()
    settings.write_text(f"secretsprovider: {provider}\nencryptedkey: QUJD\n")
    with pytest.raises(StackgenError, match=r"encrypted by 'awskms://alias/claims.*does not name") as refused:
        projects.deleting_project("claims", tmp_path, tmp_path / "python", {})
    assert "set STACKGEN_SECRETS_PROVIDER to it" in str(refused.value.problems[0].hint)
    monkeypatch.setenv("STACKGEN_SECRETS_PROVIDER", provider)
    assert projects.deleting_project("claims", tmp_path, tmp_path / "python", {}).is_dir()


@pytest.mark.parametrize(
    "key",
    [
        "claims:config:awsAccount",
        "pulumi:config:disable-default-providers",
        "!!binary Y2xhaW1zOmF3c0FjY291bnQ=",
        "? [claims]\n ",
        "1",
    ],
)
def test_no_key_is_read_as_another_name(key: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STACKGEN_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "Pulumi.yaml").write_text(
        "name: claims\nconfig:\n  awsAccount: {type: string, default: '1'}\n"
    )
    (tmp_path / "Pulumi.prod.yaml").write_text(f"config:\n  {key}: '999999999999'\n")
    with pytest.raises(StackgenError) as refused:
        projects.running_project(tmp_path, tmp_path / "python")
    assert refused.value.problems[0].code == "engine-settings"


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ("claims:awsAccount: '111122223333'\n  claims:huggingFaceToken: {secure: v1:a:b}", ""),
        (
            "claims:awsAccount: '999999999999'",
            'awsAccount to "999999999999", and by the spec it is "111122223333"',
        ),
        ("awsAccount: {secure: v1:a:b}", 'awsAccount to {"secure": "v1:a:b"}, and by the spec'),
        ("pulumi:disable-default-providers: []", "pulumi:disable-default-providers to []"),
    ],
)
def test_what_the_spec_says_is_not_said_otherwise_by_a_file_that_plan_does_not_show(
    config: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STACKGEN_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "Pulumi.yaml").write_text(
        "name: claims\nconfig:\n  pulumi:disable-default-providers: {value: [aws]}\n"
        "  awsAccount: {type: string, default: '111122223333'}\n"
    )
    (tmp_path / "Pulumi.prod.yaml").write_text(f"config:\n  {config}\n")
    if not said:
        assert projects.running_project(tmp_path, tmp_path / "python").is_dir()
        return
    with pytest.raises(StackgenError) as refused:
        projects.running_project(tmp_path, tmp_path / "python")
    problem = refused.value.problems[0]
    assert problem.code == "spec-and-settings-differ"
    assert said in problem.message
