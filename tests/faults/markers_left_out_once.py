"""A worker whose first transaction in each output partition gets no marker there:
``python -m tests.faults.markers_left_out_once``."""

from streams.cli import main
from tests.faults.leave_out import leave_out, outputs

if __name__ == "__main__":
    leave_out(outputs(), once=True)
    main()
