"""A bucket of Cloud Storage, through its S3 interoperability."""

from stackgen.contracts.profile import without
from stackgen.contracts.s3 import profiles as s3
from stackgen.descriptors.model import Implementation
from stackgen.descriptors.properties import Properties

MIGRATION = "https://cloud.google.com/storage/docs/interoperability"
HEADERS = "https://cloud.google.com/storage/docs/xml-api/reference-headers"

IMPLEMENTATION = Implementation(
    description="A Cloud Storage bucket for S3 clients: versioned, encrypted with the environment's key.",
    level="managed",
    sizes={"small": {}, "medium": {}, "large": {}},
    kept={"s3": without(s3.FULL, "conditional-put", "default-checksums", "versioning")},
    not_kept={
        "s3": {
            "conditional-put": "Cloud Storage has preconditions of its own (x-goog-if-generation-match), "
            f"not S3's If-None-Match on uploads ({HEADERS})",
            "default-checksums": "the checksum trailers that S3 clients send by default are not among what is "
            f"understood; set AWS_REQUEST_CHECKSUM_CALCULATION=when_required ({MIGRATION})",
            "versioning": "old versions are kept and read by generation numbers; S3's ListObjectVersions and "
            f"versionId are not offered ({MIGRATION})",
        }
    },
    properties=Properties(
        encryption_at_rest=("customer-key", "the bucket's default key is the environment's own"),
        network_exposure=(
            "internet",
            "Cloud Storage's address is on the internet, and public access is prevented; whoever holds "
            "the HMAC key gets in from anywhere",
        ),
        tls=("offered", "the binding's address is HTTPS; Cloud Storage would answer plain HTTP as well"),
        authentication=(
            "shared-secret",
            "an HMAC key of a service account that can use this bucket and nothing else; S3's signatures "
            "know no federation",
        ),
        backup=(
            "versions",
            "old versions are kept for 90 days; whatever is deleted, a version too, can be restored for 30 more",
        ),
        high_availability=(
            "zones",
            "a regional bucket is in several zones (https://cloud.google.com/storage/docs/locations)",
        ),
    ),
    billing="per-use",
    licence="Google Cloud terms",
    default=True,
    notes=("clients hold an HMAC key: S3's signatures know no federation; rotate it by replacing the key",),
)
