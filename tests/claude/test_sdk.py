"""The SDK is loaded beside the rest of a start, and not with it."""

import subprocess
import sys

PROGRAM = """
import gc, sys, threading
from streams.claude import client, sdk
assert "anthropic" not in sys.modules
sdk.load_soon()
[thread] = [each for each in threading.enumerate() if each.name == "anthropic"]
assert thread.daemon
thread.join()
assert "anthropic" in sys.modules
print(gc.get_freeze_count())
"""


def test_it_is_loaded_in_a_thread_and_then_left_alone_by_the_collector() -> None:
    run = [sys.executable, "-c", PROGRAM]
    done = subprocess.run(run, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 100_000
