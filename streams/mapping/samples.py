"""Sample events of the ready-made mappings, of our own writing after the vendors' documentation.

``samples/<name>.jsonl`` has one a line: ``expect`` (a category, or ``filtered``), ``value``, and
``headers`` where the event has any.
"""

import json
from dataclasses import dataclass
from importlib.resources import files

from streams.mapping.fields import ready_made


@dataclass(frozen=True, slots=True)
class ForeignEvent:
    """What somebody else's system sends, and where it is expected to end."""

    value: bytes
    headers: tuple[tuple[str, bytes], ...]
    expect: str


def samples_of(name: str) -> tuple[ForeignEvent, ...]:
    """In the order of the file. Raises ValueError for a mapping that is not ready-made."""
    ready_made(name)
    folder = files("streams.mapping").joinpath("samples")
    lines = folder.joinpath(f"{name}.jsonl").read_text("utf-8").splitlines()
    return tuple(_event(line) for line in lines if line)


def _event(line: str) -> ForeignEvent:
    row = json.loads(line)
    headers = tuple((name, text.encode()) for name, text in row.get("headers", {}).items())
    value = json.dumps(row["value"], ensure_ascii=False, separators=(",", ":"))
    return ForeignEvent(value.encode(), headers, row["expect"])
