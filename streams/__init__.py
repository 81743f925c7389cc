"""ticket-streams: support tickets from Kafka, classified by Claude, routed exactly once."""

__version__ = "0.1.0"
