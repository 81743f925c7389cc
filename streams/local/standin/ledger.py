"""One JSON line for each paid call, so that tests can count what was asked about every ticket."""

import json
import os
import time
from hashlib import sha256
from pathlib import Path

from streams.local.standin.requests import MessageRequest


class Ledger:
    """Appends to a file, one unbuffered write a line; the text itself is never written."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)

    def paid(self, request: MessageRequest) -> None:
        """Notes one call: when (epoch ms), the model, its tickets' ids and digests.

        A digest is of the ticket's own text, so that it is the same in whatever call, under
        whatever id.
        """
        tickets = request.tickets()
        line = {
            "at": time.time_ns() // 1_000_000,
            "model": request.model.id,
            "status": 200,
            "ticket_ids": [ticket_id for ticket_id, _ in tickets if ticket_id],
            "digests": [digest(text) for _, text in tickets],
        }
        os.write(self._file, json.dumps(line).encode() + b"\n")

    def close(self) -> None:
        """Closes the file."""
        os.close(self._file)


def digest(text: str) -> str:
    """Sixteen hex digits of a ticket's text as it stands in its frame."""
    return sha256(text.strip().encode("utf-8", "replace")).hexdigest()[:16]
