"""The door to Faust: every override of faust-streaming 0.15.3, and the check that they still fit.

Faust gives the app, the agent, the stream, group membership and signals. Delivery is ours: offsets
are committed by the transaction of each partition, never by Faust. docs/reliability.md says why.
"""

from streams.delivery.faust_door.app import App, create_app, credentials_of, forget, misfits

__all__ = ["App", "create_app", "credentials_of", "forget", "misfits"]
