"""Several faults of the API at once: each switches its own on and off."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields

from streams.local.standin.faults import RATES, Faults
from streams.local.standin.process import StandIn

DEFAULTS = {field.name: getattr(Faults(), field.name) for field in fields(Faults)}


class Weather:
    """What is wrong with the API now."""

    def __init__(self, api: StandIn, latency: float) -> None:
        self._api = api
        self._usual = {**DEFAULTS, "latency": latency}
        self._on: list[dict[str, object]] = []

    @contextmanager
    def of(self, **changes: object) -> Iterator[None]:
        """These options of the stand-in for the length of the block; see ``Faults``."""
        self._on.append(changes)
        self._apply()
        try:
            yield
        finally:
            self._on.remove(changes)
            self._apply()

    def _apply(self) -> None:
        state = {**self._usual, "error": {}}
        errors: dict[int, float] = {}
        for changes in self._on:
            for name, value in changes.items():
                if name == "error":
                    assert isinstance(value, dict)
                    errors |= value
                elif name in RATES:
                    assert isinstance(value, int | float)
                    state[name] = max(state[name], value)
                else:
                    state[name] = value
        whole = max(1.0, sum(errors.values()))
        state["error"] = {status: rate / whole for status, rate in errors.items()}
        self._api.faults(**state)
