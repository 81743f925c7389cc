"""A worker with a timer of a Faust user in it: reads the tables as Faust documents it."""

import json
import os
import sys
import time
from pathlib import Path

import faust

from streams.app import build_app
from streams.settings import load_settings

app = build_app(load_settings())


@app.timer(0.5)
async def dump() -> None:
    """Write what the tables show."""
    rows = [[key, row] for key, row in app.spend.items()]
    now = time.time()
    shown = {
        "spend": rows,
        "at": [app.spend[key].at(now) for key in app.spend.keys()],  # noqa: SIM118 - no dict
        "errors": {key: app.errors[key].now() for key in app.errors.keys()},  # noqa: SIM118
    }
    file = Path(os.environ["TABLES_FILE"])
    file.with_suffix(".new").write_text(json.dumps(shown))
    file.with_suffix(".new").rename(file)


if __name__ == "__main__":
    worker = faust.Worker(app, quiet=True, loglevel="ERROR", redirect_stdouts=False)
    worker.spinner = None
    worker.execute_from_commandline()
    sys.exit(0)
