"""Twenty buckets as somebody would write them who needs nothing else, in one file, each a component.

The same resources and components as those of the program that stackgen generates for `stores` of program.py; a test
compares them one by one.
"""

import json

import pulumi
import pulumi_aws as aws
import pulumi_random as random

config = pulumi.Config()
account, region = config.require("awsAccount"), config.require("awsRegion")
here = f"{pulumi.get_project()}-{pulumi.get_stack()}"
tags = {
    "stack": pulumi.get_project(),
    "environment": pulumi.get_stack(),
    "managed-by": "pulumi",
    "data-classification": "internal",
}
provider = aws.Provider(
    "aws-account",
    region=region,
    allowed_account_ids=[account],
    default_tags=aws.ProviderDefaultTagsArgs(tags=tags),
)


class Zone(pulumi.ComponentResource):
    def __init__(self):
        super().__init__("stackgen:foundation:AwsLandingZone", "aws")


class Store(pulumi.ComponentResource):
    def __init__(self, name):
        super().__init__(
            "stackgen:object_store:AwsS3", name, None, pulumi.ResourceOptions(providers=[provider])
        )


zone = Zone()
random.Provider("aws-random", opts=pulumi.ResourceOptions(parent=zone))


def document(*statements):
    return pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": list(statements)})


key = aws.kms.Key(
    "aws-key",
    description=f"Data of {pulumi.get_project()}, environment {pulumi.get_stack()}",
    enable_key_rotation=True,
    deletion_window_in_days=30,
    policy=json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Sid": "AccountDecides",
                    "Effect": "Allow",
                    "Principal": {"AWS": f"arn:aws:iam::{account}:root"},
                    "Action": "kms:*",
                    "Resource": "*",
                },
                {
                    "Sid": "Logs",
                    "Effect": "Allow",
                    "Principal": {"Service": f"logs.{region}.amazonaws.com"},
                    "Action": [
                        "kms:Decrypt",
                        "kms:DescribeKey",
                        "kms:Encrypt",
                        "kms:GenerateDataKey*",
                        "kms:ReEncrypt*",
                    ],
                    "Resource": "*",
                    "Condition": {
                        "ArnLike": {
                            "kms:EncryptionContext:aws:logs:arn": f"arn:aws:logs:{region}:{account}:log-group:*"
                        }
                    },
                },
            ],
        }
    ),
    opts=pulumi.ResourceOptions(parent=zone, provider=provider),
)
aws.kms.Alias(
    "aws-key-alias",
    name=f"alias/{here}-data",
    target_key_id=key.key_id,
    opts=pulumi.ResourceOptions(parent=zone, provider=provider),
)


def bucket(parent, name, prefix, algorithm, key_arn, old_versions, objects, *statements):
    opts = pulumi.ResourceOptions(parent=parent, provider=provider)
    made = aws.s3.Bucket(f"{name}-bucket", bucket_prefix=prefix, force_destroy=False, opts=opts)
    private = aws.s3.BucketPublicAccessBlock(
        f"{name}-private",
        bucket=made.id,
        block_public_acls=True,
        block_public_policy=True,
        ignore_public_acls=True,
        restrict_public_buckets=True,
        opts=opts,
    )
    aws.s3.BucketOwnershipControls(
        f"{name}-owner", bucket=made.id, rule={"object_ownership": "BucketOwnerEnforced"}, opts=opts
    )
    aws.s3.BucketVersioning(
        f"{name}-versions", bucket=made.id, versioning_configuration={"status": "Enabled"}, opts=opts
    )
    tls_only = {
        "Sid": "TlsOnly",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [made.arn, pulumi.Output.concat(made.arn, "/*")],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    deliver = [{**statement, "Resource": pulumi.Output.concat(made.arn, "/*")} for statement in statements]
    aws.s3.BucketPolicy(
        f"{name}-policy",
        bucket=made.id,
        policy=document(tls_only, *deliver),
        opts=pulumi.ResourceOptions(parent=parent, provider=provider, depends_on=[private]),
    )
    encryption = {"sse_algorithm": algorithm, **({"kms_master_key_id": key_arn} if key_arn else {})}
    aws.s3.BucketServerSideEncryptionConfiguration(
        f"{name}-encryption",
        bucket=made.id,
        rules=[
            {
                "apply_server_side_encryption_by_default": encryption,
                **({"bucket_key_enabled": True} if key_arn else {}),
            }
        ],
        opts=opts,
    )
    aws.s3.BucketLifecycleConfiguration(
        f"{name}-lifecycle",
        bucket=made.id,
        rules=[
            {
                "id": "expire",
                "status": "Enabled",
                "filter": {"prefix": ""},
                "abort_incomplete_multipart_upload": {"days_after_initiation": 7},
                "noncurrent_version_expiration": {"noncurrent_days": old_versions},
                **({"expiration": {"days": objects}} if objects else {}),
            }
        ],
        opts=opts,
    )
    return made


delivery = {
    "Sid": "Deliver",
    "Effect": "Allow",
    "Principal": {"Service": "logging.s3.amazonaws.com"},
    "Action": "s3:PutObject",
    "Resource": None,
    "Condition": {"StringEquals": {"aws:SourceAccount": account}},
}
logs = bucket(zone, "access-logs", f"{here}-access-logs-", "AES256", None, 1, 365, delivery)
buckets = {}
for number in range(20):
    name = f"store-{number}"
    store = Store(name)
    buckets[name] = bucket(store, name, f"{here}-{name}-", "aws:kms", key.arn, 90, None)
    aws.s3.BucketLogging(
        f"{name}-logging",
        bucket=buckets[name].id,
        target_bucket=logs.id,
        target_prefix=f"{name}/",
        opts=pulumi.ResourceOptions(parent=store),
    )
    store.register_outputs({"bucket": buckets[name].bucket})
zone.register_outputs({})

pulumi.export(
    "bindings",
    {
        name: {
            "s3": {
                "endpoint": f"https://s3.{region}.amazonaws.com",
                "region": region,
                "bucket": made.bucket,
            }
        }
        for name, made in buckets.items()
    },
)
