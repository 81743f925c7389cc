"""A bar for commands that read whole topics."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.progress import MofNCompleteColumn

from streams.audit.snapshot import OnProgress
from streams.cli.common import progress


@contextmanager
def reading_bar(*, quiet: bool) -> Iterator[OnProgress]:
    """How many records are read: on standard error, if that is a terminal and not ``quiet``."""
    bar = progress(MofNCompleteColumn())
    bar.disable = bar.disable or quiet
    with bar:
        task = bar.add_task("", total=None)

        def tell(passed: int, expected: int) -> None:
            bar.update(task, completed=passed, total=expected)

        yield tell
