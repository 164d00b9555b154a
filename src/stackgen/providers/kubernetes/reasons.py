"""Reasons why clauses are not kept in a cluster, shared by several implementations."""

PLAIN_HTTP = (
    "inside the namespace requests are plain HTTP, and NetworkPolicies admit callers' pods alone; a service mesh, or "
    "`expose` for those from outside, encrypts them (https://gateway-api.sigs.k8s.io/guides/tls/)"
)
NO_AUTHENTICATION = "the server has no authentication; NetworkPolicies admit callers' pods alone"
