"""Properties of components on Google Cloud: Cloud Run services, and services behind a gateway."""

from dataclasses import replace

from stackgen.descriptors.properties import Properties

SERVICE = Properties(
    encryption_at_rest=(
        "not-applicable",
        "it keeps no data; its secrets (Secret Manager) and its revision are encrypted with the environment's key",
    ),
    network_exposure=(
        "private",
        "Cloud Run with internal ingress: only the environment's network reaches it "
        "(https://cloud.google.com/run/docs/securing/ingress)",
    ),
    tls=("required", "Cloud Run serves its address by HTTPS, with a certificate Google keeps"),
    authentication=("shared-secret", "a generated key or password, kept in Secret Manager"),
    backup=("not-applicable", "it keeps no data"),
    high_availability=(
        "zones",
        "a Cloud Run service is regional; one instance at size small, started in another zone if its own fails "
        "(https://cloud.google.com/run/docs/zonal-redundancy)",
    ),
)

JOB = replace(
    SERVICE,
    network_exposure=("not-applicable", "nothing listens"),
    tls=("not-applicable", "nothing listens"),
    authentication=("not-applicable", "nothing listens; only its schedule's account may start it"),
    high_availability=("zones", "a Cloud Run job is regional; a failed run is tried twice more"),
)

# Reached through the stack's gateway: what an application sees is the gateway's key.
BEHIND_GATEWAY = Properties(
    encryption_at_rest=("not-applicable", "it keeps no data of the stack's"),
    network_exposure=(
        "internet",
        "an API of Google's, on the internet for whoever has permission in the project; from the environment's "
        "network by Private Google Access",
    ),
    tls=("required", "Google's APIs answer on HTTPS only, and so does the gateway"),
    authentication=(
        "shared-secret",
        "applications hold the gateway's key; the gateway calls it as its service account, without a stored key",
    ),
    backup=("not-applicable", "it keeps no data of the stack's"),
    high_availability=("zones", "a regional service of Google's, in several zones"),
)

DATABASE = Properties(
    encryption_at_rest=("customer-key", "storage and backups are encrypted with the environment's key"),
    network_exposure=("private", "a private address by private services access; no public one"),
    tls=("required", "ssl_mode ENCRYPTED_ONLY; clients use sslmode=require"),
    authentication=(
        "shared-secret",
        "a generated password; IAM authentication is on as well, for clients that can use it",
    ),
    backup=(
        "point-in-time",
        "continuous and nightly, 14 days by default (`backup_retention`), 35 with `protect`",
    ),
    high_availability=("zones", "a standby in another zone takes over"),
)
