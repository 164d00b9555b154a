"""Properties of components in a cluster: pods behind NetworkPolicies, data on volumes of a storage class."""

from dataclasses import replace

from stackgen.descriptors.properties import Properties

SERVER = Properties(
    encryption_at_rest=(
        "not-applicable",
        "it keeps no data; its Secrets are in etcd, encrypted if the cluster's API server is set up so "
        "(https://kubernetes.io/docs/tasks/administer-cluster/encrypt-data/)",
    ),
    network_exposure=(
        "private",
        "a ClusterIP; NetworkPolicies let in its callers' pods alone, and the gateway where `expose` says so",
    ),
    tls=("none", "plain HTTP between pods; `expose` adds HTTPS at the gateway, on the way in from outside"),
    authentication=("shared-secret", "a generated key or password, kept in a Secret"),
    backup=("not-applicable", "it keeps no data"),
    high_availability=(
        "restart",
        "one pod, started again; from two replicas on (size medium) they are spread over zones and nodes",
    ),
)

JOB = replace(
    SERVER,
    network_exposure=("not-applicable", "nothing listens"),
    tls=("not-applicable", "nothing listens"),
    authentication=("not-applicable", "nothing listens; it has no token of the API server's"),
    high_availability=("restart", "a failed pod is tried again, on any node"),
)

WITHOUT_AUTHENTICATION = (
    "none",
    "the server asks for nothing; NetworkPolicies let in its callers' pods alone",
)
ON_VOLUME = ("none", "a volume as its storage class makes it; choose one that encrypts (`storage_class`)")
NO_BACKUP = ("none", "nothing copies its volume; take snapshots of it")
ONE_POD = ("restart", "one pod, started again on any node that can mount its volume")
