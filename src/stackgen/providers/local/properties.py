"""Properties of components that are processes of this machine."""

from stackgen.descriptors.properties import Properties

NO_DATA = "it keeps no data; its secrets are in files that only the servers' account can read"

SERVER = Properties(
    encryption_at_rest=("not-applicable", NO_DATA),
    network_exposure=("loopback", "it listens on 127.0.0.1: only this machine reaches it"),
    tls=("none", "plain TCP on loopback; nothing crosses a network"),
    authentication=("shared-secret", "a generated key or password, encrypted in Pulumi's state"),
    backup=("not-applicable", "it keeps no data"),
    high_availability=("restart", "supervisord starts it again; it is gone while this machine is"),
)

DATA_AT_REST = ("none", "plain files in the environment's folder; encrypt the disk if they must be")
NO_BACKUP = ("none", "nothing copies its folder; copy it yourself")
