"""Why a broker died, read from its log."""

from pathlib import Path

_TAIL = 5  # lines
_KNOWN = {
    "No space left on device": "the disk is full",
    "Address already in use": "its port is in use: choose another",
    "in another process or thread is using this directory": "another broker uses this data folder",
}


def cause(log: Path, since: int = 0) -> str:
    """One sentence on what the log says after its first ``since`` bytes, with the log's path.

    Unknown causes show the last lines themselves, without the frames of Java's stack traces.
    """
    try:
        text = log.read_bytes()[since:].decode("utf-8", "replace")
    except OSError:
        text = ""
    for phrase, meaning in _KNOWN.items():
        if phrase in text:
            return f"{meaning} (log: {log})"
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("\tat ")]
    return f"the end of its log, {log}, is:\n" + "\n".join(lines[-_TAIL:] or ["(empty)"])
