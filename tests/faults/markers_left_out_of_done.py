"""A worker none of whose transactions gets a marker in the done topic:
``python -m tests.faults.markers_left_out_of_done``."""

from streams.cli import main
from streams.events.topics import Topics
from streams.settings import load_settings
from tests.faults.leave_out import leave_out

if __name__ == "__main__":
    leave_out([Topics.of(load_settings()).done], once=False)
    main()
