"""A worker whose transactions get no marker in the spend table's changelog, until SIGWINCH comes:
``python -m tests.faults.markers_left_out_of_books``."""

import signal

from streams.cli import main
from streams.events.topics import Topics
from streams.settings import load_settings
from tests.faults.leave_out import leave_out

if __name__ == "__main__":
    topics = [Topics.of(load_settings()).spend]
    signal.signal(signal.SIGWINCH, lambda *_: topics.clear())
    leave_out(topics, once=False)
    main()
