"""The door to Faust: every override of faust-streaming 0.15.3, and the check that they still fit.

Faust gives the app, the agent, the stream, group membership and signals. Delivery is ours: offsets
are committed by the transaction of each partition, never by Faust. docs/reliability.md says why.
Others import from here only. The tables, which are Faust's too, are in streams/delivery/tables.py.
"""

from streams.delivery.faust_door.app import App, forget
from streams.delivery.faust_door.create import create_app
from streams.delivery.faust_door.credentials import credentials_of
from streams.delivery.faust_door.fit import misfits

__all__ = ["App", "create_app", "credentials_of", "forget", "misfits"]
