"""A stand-in for Claude's Messages API: the other side of the ledger.

A process of its own that speaks the API over HTTP, keeps an account of every call, and can fail in
every way the real one can. It is a simulation: **tickets are sorted by keywords**, no model is
asked, and nothing here tells how well Claude classifies. It shares no code with the worker (own
prices, own parsing), so that an agreement between both accounts means something.
"""

from streams.local.standin.process import StandIn

__all__ = ["StandIn"]
