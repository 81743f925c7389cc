"""``ticket-streams stand-in``: Claude's Messages API over HTTP, simulated."""

from dataclasses import MISSING, Field
from pathlib import Path
from typing import Any

import click

from streams.local.standin.faults import OPTIONS, Faults
from streams.local.standin.limits import TIERS, Limits
from streams.local.standin.run import run
from streams.local.standin.service import Options


class _Rate(click.ParamType):
    """``529=0.01``: a status and its rate."""

    name = "STATUS=RATE"

    def convert(self, value: Any, param: Any, ctx: Any) -> tuple[str, float]:
        status, _, rate = str(value).partition("=")
        try:
            return status, float(rate)
        except ValueError:
            self.fail(f"{value!r} is not like 529=0.01", param, ctx)


def _fault_option(name: str, field: "Field[Any]") -> click.Option:
    """The command line's form of one field of ``Faults``."""
    flag, meaning = "--" + name.replace("_", "-"), field.metadata["help"]
    if name == "error":
        return click.Option([flag], type=_Rate(), multiple=True, help=meaning + " Repeatable.")
    default = None if field.default is MISSING else field.default
    metavar = (
        "RATE" if field.metadata["rate"] else "SECONDS" if name != "latency_sigma" else "SIGMA"
    )
    return click.Option(
        [flag], type=float, default=default, metavar=metavar, help=meaning,
        show_default=bool(default),
    )  # fmt: skip


@click.command("stand-in")
@click.option("--port", type=click.IntRange(0, 65_535), default=8090, show_default=True,
              help="Port; 0 takes a free one.")  # fmt: skip
@click.option("--host", default="127.0.0.1", show_default=True,
              help="Address to listen on; another one only inside a container.")  # fmt: skip
@click.option("--port-file", type=click.Path(dir_okay=False, path_type=Path),
              help="Write the port to this file when ready.")  # fmt: skip
@click.option("--key", help="The only valid API key. [default: any that is not empty]")
@click.option("--seed", type=int, default=1, show_default=True,
              help="Latencies and faults are the same for the same seed.")  # fmt: skip
@click.option("--tier", type=click.Choice(list(TIERS)), default="unlimited", show_default=True,
              help="Rate limits of this tier, for each family of models.")  # fmt: skip
@click.option("--rpm", type=click.IntRange(1), help="Requests a minute, in place of the tier's.")
@click.option("--itpm", type=click.IntRange(1), help="Input tokens a minute.")
@click.option("--otpm", type=click.IntRange(1), help="Output tokens a minute.")
@click.option("--burst-seconds", type=click.FloatRange(0.001), default=10.0, show_default=True,
              help="How many seconds of its limit may be used at once.")  # fmt: skip
@click.option("--ledger", type=click.Path(dir_okay=False, path_type=Path),
              help="Append a JSON line for each paid call to this file.")  # fmt: skip
@click.option("--with-parent", is_flag=True, help="End when the parent process does.")
def command(
    *,
    host: str,
    port: int,
    port_file: Path | None,
    key: str | None,
    seed: int,
    tier: str,
    rpm: int | None,
    itpm: int | None,
    otpm: int | None,
    burst_seconds: float,
    ledger: Path | None,
    with_parent: bool,
    error: tuple[tuple[str, float], ...],
    **faults: Any,
) -> None:
    """Run a stand-in for Claude's Messages API.

    A simulation: tickets are sorted by KEYWORDS and no model is asked, so its answers say nothing
    about Claude's. What it simulates faithfully is the protocol: checks, errors, rate limits,
    prompt caching, usage and prices. GET /_standin/account tells what it answered and charged;
    POST /_standin/faults changes the options from --latency on while it runs.

    \b
    Example:
      ticket-streams stand-in --port 8090 --latency 0.1 --error 529=0.01
    """
    standard = TIERS[tier]
    limits = Limits(
        rpm or standard.requests, itpm or standard.input_tokens, otpm or standard.output_tokens
    )
    try:
        options = Options(
            key, seed, limits, burst_seconds, ledger, Faults(error=dict(error), **faults)
        )
    except ValueError as wrong:
        raise click.ClickException(f"--{str(wrong).replace('_', '-', 1)}") from None
    try:
        run(options, port, host=host, port_file=port_file, with_parent=with_parent, ready=_say)
    except OSError as failed:
        raise click.ClickException(f"--port {port}: {failed.strerror or failed}") from None


def _say(line: str) -> None:
    """Whoever started it reads the line from a pipe: do not keep it in a buffer."""
    click.echo(line)


command.params.extend(_fault_option(name, field) for name, field in OPTIONS.items())
