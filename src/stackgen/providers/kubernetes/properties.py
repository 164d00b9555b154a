"""What components in a cluster have in common."""

from dataclasses import replace

from stackgen.catalog.properties import Properties

POLICY = "a ClusterIP in the cluster's network; NetworkPolicies admit callers' pods alone"
STORAGE = (
    "its volume is encrypted if the storage class does that; Secrets if the API server encrypts etcd "
    "(https://kubernetes.io/docs/tasks/administer-cluster/encrypt-data/)"
)

SERVICE = Properties(
    encryption_at_rest=("not-applicable", "it keeps no data; its keys are in Secrets of the namespace"),
    network_exposure=("private", POLICY),
    tls=("none", "plain HTTP inside the namespace; HTTPS at the gateway for what is exposed"),
    authentication=("shared-secret", "a generated key or password, in Secrets of the namespace"),
    backup=("not-applicable", "it keeps no data"),
    high_availability=(
        "restart",
        "one pod at size small, started again on another node; from medium several, spread over zones",
    ),
)
OPEN = replace(SERVICE, authentication=("none", "none of its own; NetworkPolicies admit callers' pods alone"))
STORE = replace(
    SERVICE,
    encryption_at_rest=("none", STORAGE),
    backup=("none", "nothing is copied; take snapshots of its volume"),
    high_availability=("restart", "one pod with a volume, started again where the volume can be mounted"),
)
JOB = replace(
    SERVICE,
    network_exposure=("not-applicable", "nothing listens"),
    tls=("not-applicable", "nothing listens"),
    authentication=("not-applicable", "nothing listens"),
    high_availability=("restart", "a failed run is tried again (`retries`)"),
)
