"""Queues."""

from stackgen.descriptors.model import Capability

CAPABILITY = Capability(description="Queues.", contracts=["amqp"], internal="no")
