"""Descriptor of the local provider."""

from pydantic import Field

from stackgen.descriptors.provider import Provider, ProviderSettings


class LocalSettings(ProviderSettings):
    """Settings of an environment on this machine."""

    directory: str | None = Field(
        default=None,
        pattern=r"^[\w.,=@+~/-]+$",
        max_length=255,
        description="Folder of the environment's data, logs and configuration; below the user's data folder if "
        "absent. One outside of it must be admitted by $STACKGEN_DATA_DIRECTORIES where stackgen runs.",
    )
    allow_unpinned: bool = Field(
        default=False,
        description="Whether the requirements.txt of a `source` may name packages without digests: "
        "whatever the index serves that day is installed.",
    )
    allow_builds: bool = Field(
        default=False,
        description="Whether the requirements.txt of a `source` may name packages that have to be built: "
        "their build scripts run, by the account that runs the servers.",
    )


PROVIDER = Provider(
    description="Real servers as supervised processes of this machine: no containers, no root, loopback only.",
    settings=LocalSettings,
    requirements=("psutil>=6,<8", "uv>=0.9,<1"),
    foundations={"workspace": "local/workspace"},
    state_is_personal=True,
    placed=True,
    transient=(":Process", ":Job", ":Supervisor"),
    lasting=(":DataDirectory", ":Password", ":Port"),
    holding=("local:DataDirectory",),
    notes=("Servers listen on 127.0.0.1 without TLS; nothing is reachable from other machines.",),
)
