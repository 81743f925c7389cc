"""A worker none of whose transactions gets a marker in an output partition:
``python -m tests.faults.markers_left_out``."""

from streams.cli import main
from tests.faults.leave_out import leave_out, outputs

if __name__ == "__main__":
    leave_out(outputs(), once=False)
    main()
