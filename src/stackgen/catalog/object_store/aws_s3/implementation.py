"""A bucket of Amazon S3."""

from stackgen.catalog.model import Implementation

IMPLEMENTATION = Implementation(
    description="An S3 bucket: versioned, encrypted with the environment's key, read and written by role.",
    level="managed",
    sizes={"small": {}, "medium": {}, "large": {}},
    kept={
        "s3": (
            "put-get",
            "list",
            "delete",
            "multipart",
            "range",
            "presigned-url",
            "conditional-put",
            "default-checksums",
            "versioning",
            "auth-required",
            "wrong-credentials-refused",
            "tls",
        )
    },
    licence="AWS service terms",
    default=True,
    notes=("its binding has no keys: S3 clients take the role of the workload they run in",),
)
