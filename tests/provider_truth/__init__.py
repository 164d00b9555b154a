"""The Terraform providers that pulumi-aws and pulumi-gcp bridge, as judges of the generated cloud programs."""
