"""What a fault is: how to write one.

A module of faults decorates an async function for each, and is named in ``MODULES`` of
``registry.py``::

    @fault("cut", needs=proxied, workers=2, seconds=30)
    async def cut(scene: Scene) -> None:
        \"\"\"No way from the workers to the broker for some seconds.\"\"\"
        assert isinstance(scene.place, Proxied)
        with scene.place.no_way():
            await scene.pause(3, 12)

It is called while calls are in flight (``scene.under_load()`` waits until they are again), injects,
and heals all it did: also when it is cancelled or another fault runs next to it. It must not block
the loop for long. It restarts no worker that ended: the supervisor of the scene does. It judges
nothing: the campaign does.
"""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from tests.faults.campaign.scene import Scene


class Place(Protocol):
    """Where a round takes place: its Kafka, and how the workers get there."""

    @property
    def bootstrap(self) -> str:
        """Where the campaign itself creates topics, sends and reads: past any proxy."""
        ...

    def worker_settings(self, api_url: str) -> Mapping[str, object]:
        """Settings of the workers alone, such as the addresses of proxies; empty for none."""
        ...


Makes = Callable[[Path], AbstractContextManager[Place]]
"""Opens a place, given a folder of its own for data: for one round, or for all that need it."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that goes wrong. Made by :func:`fault`."""

    name: str
    run: "Callable[[Scene], Awaitable[None]]"
    about: str
    """One line for ``--list``: the first of the docstring."""
    needs: Makes | None = None
    """The place it takes; any will do if None. Rounds never run next to each other; a place is
    open for all rounds in a row that need it. Faults that need different ones are not combined."""
    workers: int = 1
    """Workers at the start; the most of the two in a combination."""
    tickets: int = 900
    """Tickets sent before the fault. While it runs the campaign sends more, so that there is
    always load."""
    settings: Mapping[str, object] = field(default_factory=dict)
    """Settings for the workers of the round."""
    alone: bool = False
    """Never combined."""
    seconds: float = 20.0
    """About how long a round takes: none is begun that cannot end in time."""


REGISTRY: dict[str, Fault] = {}


def fault(
    name: str,
    *,
    needs: Makes | None = None,
    workers: int = 1,
    tickets: int = 900,
    settings: Mapping[str, object] | None = None,
    alone: bool = False,
    seconds: float = 20.0,
) -> "Callable[[Callable[[Scene], Awaitable[None]]], Callable[[Scene], Awaitable[None]]]":
    """Registers the decorated function. ValueError for a name that is taken."""

    def register(
        run: "Callable[[Scene], Awaitable[None]]",
    ) -> "Callable[[Scene], Awaitable[None]]":
        if name in REGISTRY:
            raise ValueError(f"there is a fault {name} already")
        about = (run.__doc__ or name).strip().splitlines()[0]
        REGISTRY[name] = Fault(
            name, run, about, needs, workers, tickets, settings or {}, alone, seconds
        )
        return run

    return register
