"""One JSON line for each paid call, so that tests can count the calls of every ticket."""

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
        """Notes one call: when (epoch ms), model, ids of its tickets, digest of the user's text."""
        line = {
            "at": time.time_ns() // 1_000_000,
            "model": request.model.id,
            "status": 200,
            "ticket_ids": [ticket_id for ticket_id, _ in request.tickets() if ticket_id],
            "digest": sha256(request.user_text.encode()).hexdigest()[:16],
        }
        os.write(self._file, json.dumps(line).encode() + b"\n")

    def close(self) -> None:
        """Closes the file."""
        os.close(self._file)
