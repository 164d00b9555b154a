"""Starts and stops one cluster on loopback, with everything generated programs expect of it."""

from __future__ import annotations

import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import httpx

from stackgen.progress import Progress, silent
from tests.kubernetes.api import Api, ApiError, Object, access
from tests.kubernetes.control_plane import credentials
from tests.kubernetes.control_plane.definitions import definitions
from tests.kubernetes.control_plane.modules import build
from tests.kubernetes.control_plane.processes import Processes, free_ports, stop_by_pid_files
from tests.kubernetes.control_plane.programs import KUBEBOX, KWOK
from tests.kubernetes.control_plane.stages import BUCKET_CLAIM, OPERATED, stages

NODES = 3
ZONES = 3
_CONTROLLERS = "*,-nodeipam,-node-route-controller,-service-lb-controller,-cloud-node-lifecycle-controller"


@dataclass
class Cluster:
    """A running cluster. kubeconfig: a file that needs no other; api: the administrator's client."""

    kubeconfig: Path
    api: Api
    processes: Processes

    @classmethod
    def start(cls, folder: Path, progress: Progress = silent, *, lasting: bool = False) -> Self:
        """In an empty or new folder; it ends with this process unless `lasting`. Raises CannotBuild, CannotStart."""
        kubebox, kwok, custom = build(KUBEBOX, progress), build(KWOK, progress), definitions()
        folder.mkdir(parents=True, exist_ok=True)
        processes = Processes(folder, lasting)
        try:
            return cls._start(folder, processes, str(kubebox), str(kwok), custom)
        except BaseException:
            processes.stop()
            raise

    @classmethod
    def _start(
        cls, folder: Path, processes: Processes, kubebox: str, kwok: str, custom: list[Object]
    ) -> Self:
        config = folder / "kubeconfig"
        _api_server(folder, processes, kubebox, config)
        api = Api(access(str(config)))
        local = ["--kubeconfig", str(config), "--bind-address", "127.0.0.1", "--secure-port", "0"]
        processes.start("kube-controller-manager", [kubebox, *_controller_manager(folder), *local])
        delegated = [f"--{what}-kubeconfig={config}" for what in ("authentication", "authorization")]
        scheduler = [kubebox, "kube-scheduler", "--leader-elect=false", *delegated]
        processes.start("kube-scheduler", [*scheduler, *local])
        for one in (*_nodes(), STORAGE_CLASS):
            api.create(one)
        _install(api, processes, custom)
        (folder / "stages.yaml").write_text(stages(), encoding="utf-8")
        processes.start("kwok", [kwok, *_kwok(folder, config)])
        processes.wait("the default service account", lambda: _has_account(api))
        processes.wait("a ready node each", lambda: all(map(_is_ready, api.list("v1", "Node"))))
        return cls(config, api, processes)

    @classmethod
    def of(cls, kubeconfig: Path) -> Self:
        """One that somebody else started, and will stop."""
        return cls(kubeconfig, Api(access(str(kubeconfig))), Processes(kubeconfig.parent))

    def stop(self) -> None:
        """Stop what `start` started."""
        self.api.close()
        self.processes.stop()


def stop(folder: Path) -> None:
    """Stop the cluster that was started in `folder`, and forget what was in it."""
    stop_by_pid_files(folder)
    shutil.rmtree(folder, ignore_errors=True)


def _api_server(folder: Path, processes: Processes, kubebox: str, config: Path) -> None:
    client, peer, port = free_ports(3)
    etcd, peers = f"http://127.0.0.1:{client}", f"http://127.0.0.1:{peer}"
    addresses = ["--listen-client-urls", etcd, "--advertise-client-urls", etcd]
    addresses += ["--listen-peer-urls", peers, "--initial-advertise-peer-urls", peers]
    addresses += ["--initial-cluster", f"default={peers}"]
    durability = ["--data-dir", str(folder / "etcd"), "--unsafe-no-fsync", "--log-level", "warn"]
    processes.start("etcd", [kubebox, "etcd", *durability, *addresses])
    processes.wait("etcd", lambda: '"true"' in httpx.get(f"{etcd}/health", trust_env=False).text)
    token = credentials.token_file(folder / "tokens.csv")
    private, public = credentials.service_account_keys(folder)
    arguments = {
        "etcd-servers": etcd,
        "bind-address": "127.0.0.1",
        "advertise-address": "127.0.0.1",
        "secure-port": str(port),
        "endpoint-reconciler-type": "none",  # any other refuses a loopback address
        "cert-dir": str(folder / "certs"),
        "service-cluster-ip-range": "10.96.0.0/16",
        "authorization-mode": "RBAC",
        "token-auth-file": str(folder / "tokens.csv"),
        "service-account-issuer": "https://kubernetes.default.svc",
        "service-account-key-file": str(public),
        "service-account-signing-key-file": str(private),
    }
    flags = [f"--{name}={value}" for name, value in arguments.items()]
    processes.start("kube-apiserver", [kubebox, "kube-apiserver", "--allow-privileged", *flags])
    server, authority = f"https://127.0.0.1:{port}", folder / "certs" / "apiserver.crt"

    def ready() -> bool:
        credentials.kubeconfig(config, server, authority, token)
        return Api(access(str(config))).call("GET", "/readyz") == "ok"

    processes.wait("kube-apiserver", ready)


def _controller_manager(folder: Path) -> list[str]:
    return [
        "kube-controller-manager",
        "--leader-elect=false",
        f"--service-account-private-key-file={folder / 'sa.key'}",
        f"--root-ca-file={folder / 'certs' / 'apiserver.crt'}",
        "--enable-hostpath-provisioner",  # claims are bound
        "--cluster-cidr=10.244.0.0/16",
        "--node-monitor-grace-period=10m",  # a busy machine is no lost node
        f"--controllers={_CONTROLLERS}",
    ]


def _kwok(folder: Path, config: Path) -> list[str]:
    (port,) = free_ports(1)
    return [
        *("--kubeconfig", str(config), "--config", str(folder / "stages.yaml")),
        *("--server-address", f"127.0.0.1:{port}", "--node-ip", "127.0.0.1", "--node-port", str(port)),
        *("--cidr", "10.244.0.0/16", "--manage-all-nodes=true"),
    ]


def _nodes() -> list[Object]:
    room = {"cpu": "64", "memory": "512Gi", "pods": "250", "nvidia.com/gpu": "8", "ephemeral-storage": "1Ti"}
    return [
        {
            "apiVersion": "v1",
            "kind": "Node",
            "metadata": {
                "name": f"node-{index}",
                "annotations": {"kwok.x-k8s.io/node": "fake"},
                "labels": {
                    "kubernetes.io/os": "linux",
                    "kubernetes.io/arch": "amd64",
                    "kubernetes.io/hostname": f"node-{index}",
                    "topology.kubernetes.io/region": "region-1",
                    "topology.kubernetes.io/zone": f"zone-{index % ZONES}",
                },
            },
            "status": {"allocatable": room, "capacity": room},
        }
        for index in range(NODES)
    ]


STORAGE_CLASS: Object = {
    "apiVersion": "storage.k8s.io/v1",
    "kind": "StorageClass",
    "metadata": {
        "name": "standard",
        "annotations": {"storageclass.kubernetes.io/is-default-class": "true"},
    },
    "provisioner": "kubernetes.io/host-path",
    "allowVolumeExpansion": True,
}


def _install(api: Api, processes: Processes, custom: list[Object]) -> None:
    """The definitions, until the server serves and describes them: kwok ends if one that it plays isn't."""
    with ThreadPoolExecutor(max_workers=4) as pool:
        list(pool.map(api.create, custom))
    for one in custom:
        version = next(v["name"] for v in one["spec"]["versions"] if v["storage"])
        wanted = f"{one['spec']['group']}/{version}", one["spec"]["names"]["kind"]
        processes.wait(f"{wanted[1]} of {wanted[0]}", lambda what=wanted: api.kind(*what))
    for version, kind in (*OPERATED, BUCKET_CLAIM):
        processes.wait(f"the description of {kind}", lambda what=(version, kind): _is_described(api, *what))


def _is_described(api: Api, version: str, kind: str) -> bool:
    found = api.call("GET", f"/openapi/v3/apis/{version}")
    return f'"kind":"{kind}"' in json.dumps(found, separators=(",", ":"))


def _has_account(api: Api) -> bool:
    try:
        return api.get("v1", "ServiceAccount", "default", "default") is not None
    except ApiError:
        return False


def _is_ready(node: Object) -> bool:
    conditions = node.get("status", {}).get("conditions", [])
    return any(one["type"] == "Ready" and one["status"] == "True" for one in conditions)
