"""Queues."""

from stackgen.catalog.model import Capability

CAPABILITY = Capability(description="Queues.", contracts=["amqp"], internal="no")
