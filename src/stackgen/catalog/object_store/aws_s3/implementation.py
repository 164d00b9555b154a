"""A bucket of Amazon S3."""

from stackgen.contracts.s3 import profiles as s3
from stackgen.descriptors.model import Implementation
from stackgen.descriptors.properties import Properties

IMPLEMENTATION = Implementation(
    description="An S3 bucket: versioned, encrypted with the environment's key, read and written by role.",
    level="managed",
    sizes={"small": {}, "medium": {}, "large": {}},
    kept={"s3": s3.FULL},
    properties=Properties(
        encryption_at_rest=("customer-key", "SSE-KMS with the environment's key, for every object"),
        network_exposure=(
            "internet",
            "S3's address is on the internet, and this bucket refuses whatever is public; from this VPC "
            "by a gateway endpoint",
        ),
        tls=("required", "the bucket's policy refuses plain HTTP"),
        authentication=("identity", "requests are signed with the role of the workload; there is no key"),
        backup=("versions", "old versions are kept for 90 days, and no caller may delete them"),
        high_availability=(
            "zones",
            "S3 Standard keeps objects in at least three zones "
            "(https://docs.aws.amazon.com/AmazonS3/latest/userguide/DataDurability.html)",
        ),
    ),
    billing="per-use",
    licence="AWS service terms",
    default=True,
    notes=("its binding has no keys: S3 clients take the role of the workload they run in",),
)
