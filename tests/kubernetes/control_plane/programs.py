"""The programs of the control plane: what they are built from, and with which settings."""

from __future__ import annotations

from pathlib import Path

from tests.kubernetes.control_plane.modules import GoProgram

HERE = Path(__file__).parent
KUBERNETES = "1.36.3"
_MAJOR, _MINOR, _ = KUBERNETES.split(".")
_VERSION = "k8s.io/component-base/version"
KUBEBOX = GoProgram(
    "kubebox",
    HERE / "kubebox",
    settings=(
        (f"{_VERSION}.gitVersion", f"v{KUBERNETES}"),
        (f"{_VERSION}.gitMajor", _MAJOR),
        (f"{_VERSION}.gitMinor", _MINOR),
        (f"{_VERSION}.gitTreeState", "clean"),
        (f"{_VERSION}.gitCommit", "none"),
        ("k8s.io/client-go/pkg/version.gitVersion", f"v{KUBERNETES}"),
    ),
)
"""etcd, kube-apiserver, kube-controller-manager and kube-scheduler in one executable."""
KWOK_MODULE = ("sigs.k8s.io/kwok", "v0.8.0")
KWOK = GoProgram("kwok", HERE / "kwok", package="sigs.k8s.io/kwok/cmd/kwok")
"""Plays the kubelets: nodes are ready and pods run without any container."""
