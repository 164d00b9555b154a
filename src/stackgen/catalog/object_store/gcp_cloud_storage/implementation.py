"""A bucket of Cloud Storage, through its S3 interoperability."""

from stackgen.catalog.model import Implementation

MIGRATION = "https://cloud.google.com/storage/docs/interoperability"
HEADERS = "https://cloud.google.com/storage/docs/xml-api/reference-headers"

IMPLEMENTATION = Implementation(
    description="A Cloud Storage bucket for S3 clients: versioned, encrypted with the environment's key.",
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
            "auth-required",
            "wrong-credentials-refused",
            "tls",
        )
    },
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
    licence="Google Cloud terms",
    default=True,
    notes=("clients hold an HMAC key: S3's signatures know no federation; rotate it by replacing the key",),
)
