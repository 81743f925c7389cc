"""The stand-in's own account: how many calls it answered, and what they cost."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any

from streams.local.standin.prices import Usage


@dataclass(slots=True)
class ModelAccount:
    """Sums over the paid calls of one model."""

    input_tokens: int = 0
    output_tokens: int = 0
    cache_creation_input_tokens: int = 0
    cache_read_input_tokens: int = 0
    picodollars: int = 0

    def add(self, usage: Usage, picodollars: int) -> None:
        """Adds one answer."""
        self.input_tokens += usage.input
        self.output_tokens += usage.output
        self.cache_creation_input_tokens += usage.write_5m + usage.write_1h
        self.cache_read_input_tokens += usage.read
        self.picodollars += picodollars


@dataclass(slots=True)
class Account:
    """A call is counted when its reply is decided, whether or not the client is still there.

    An answer is charged at the same moment, as the real API charges for what it generated. So a
    client that leaves early pays all the same, and only these cost nothing: errors, ``html``,
    ``no_reply``, and a ``hang`` that the client did not sit through.
    """

    calls: Counter[int] = field(default_factory=Counter)
    """Replies by HTTP status."""
    models: defaultdict[str, ModelAccount] = field(
        default_factory=lambda: defaultdict(ModelAccount)
    )
    paid: int = 0
    """Calls that were charged."""
    tickets: int = 0
    """Tickets in these calls; one that was asked about twice counts twice."""
    cut: int = 0
    """Paid replies whose body was cut."""
    no_reply: int = 0
    """Connections closed without an answer; not among ``calls``."""
    disconnected: int = 0
    """Clients that left a hanging call; not among ``calls``."""

    def charge(self, model: str, usage: Usage, picodollars: int, tickets: int) -> None:
        """A paid reply of ``model`` with status 200, about so many tickets."""
        self.calls[200] += 1
        self.paid += 1
        self.tickets += tickets
        self.models[model].add(usage, picodollars)

    def as_json(self, in_flight: int) -> dict[str, Any]:
        """The body of ``GET /_standin/account``."""
        return {
            "simulation": True,
            "calls": {str(status): n for status, n in sorted(self.calls.items())},
            "by_model": {
                name: {field: getattr(account, field) for field in ModelAccount.__slots__}
                for name, account in sorted(self.models.items())
            },
            "paid": self.paid,
            "tickets": self.tickets,
            "cut": self.cut,
            "no_reply": self.no_reply,
            "disconnected": self.disconnected,
            "in_flight": in_flight,
        }
