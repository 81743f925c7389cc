"""The examples of docs/consumers.md: as text, and run."""

import os
import re
import subprocess
import sys

from tests.house.files import text


def blocks(heading: str, language: str) -> list[str]:
    """The code blocks in a language under a heading of the page."""
    _, _, rest = text("docs/consumers.md").partition(f"\n## {heading}\n")
    return re.findall(f"```{language}\n(.*?)```", rest.partition("\n## ")[0], re.DOTALL)


def printed(heading: str, kafka: str, topic: str, tickets: int, **env: str) -> set[tuple[str, str]]:
    """Id and category of each of so many lines that the Python program under a heading prints,
    which reads ``topic`` for as long as it runs."""
    [program] = blocks(heading, "python")
    program = program.replace("tickets.billing", topic).replace("billing-desk", f"{topic}-desk")
    with subprocess.Popen(
        [sys.executable, "-c", program],
        env={**os.environ, "KAFKA_BOOTSTRAP_SERVERS": kafka, **env},
        stdout=subprocess.PIPE,
        text=True,
    ) as reader:
        assert reader.stdout
        lines = [reader.stdout.readline().rsplit(maxsplit=2) for _ in range(tickets)]
        reader.kill()
    return {(ticket, category) for ticket, category, _ in lines}
