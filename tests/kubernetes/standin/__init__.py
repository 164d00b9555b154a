"""Stands in for the plugin `pulumi-resource-kubernetes`: Pulumi's protocol on one side, a real API server on the other.

Test code: users get the official plugin. What it does where the official one has a choice (replacements, waiting,
conflicts of field managers, names) follows https://github.com/pulumi/pulumi-kubernetes/tree/master/provider/pkg.
It has no Helm, Kustomize or YAML components, no `…Patch` and `…List` resources, no rendering to a directory.
"""
