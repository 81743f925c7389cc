"""The table of a run, as Markdown."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from benchmarks.peers.contenders import Contender
from benchmarks.rig import environment

if TYPE_CHECKING:
    from benchmarks.peers.run import Found, Plan

BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
YARDSTICK = "sdk-aiohttp"
"""The best that a user writes by hand with the SDK: CPU is also told in parts of its."""

HEAD = (
    "| | promise | CPU µs a ticket | of the yardstick | tickets/s | added p50 / p99 ms | RSS MB "
    "| out of order | lost / doubled / paid again |\n|---|---|---|---|---|---|---|---|---|"
)


def table(
    contenders: Sequence[Contender], found: "Mapping[str, Found]", plan: "Plan", latency: float
) -> str:
    """One row a contender, best CPU last among its kind; and what was measured where."""
    yardstick = _cpu(found[YARDSTICK]) if YARDSTICK in found else None
    rows = [_row(one, found[one.name], yardstick) for one in contenders]
    where = environment()
    told = (
        f"{datetime.now(UTC):%Y-%m-%d}, {where['cores']} cores ({where['machine']}), "
        f"Python {where['python']}, Kafka {where['kafka']}: {plan.tickets:,} tickets (six times as "
        f"many at 25 a call), {plan.calls} calls in flight (a tenth at 25 a call), API at "
        f"{latency * 1000:.0f} ms. CPU, "
        f"rate and RSS: median of {plan.rounds}, least to most in brackets."
    )
    troubles = [
        f"- {one.name}: {' '.join(trouble.split())[:300]}"
        for one in contenders
        for trouble in found[one.name].troubles
    ]
    return "\n".join(
        [told, "", HEAD, *rows, *(["", "Not measured:", *troubles] if troubles else [])]
    )


def write_into(file: Path, text: str) -> None:
    """Put ``text`` between the marks of ``file``; at its end where it has none."""
    old = file.read_text("utf-8") if file.exists() else ""
    before, _, rest = old.partition(BEGIN)
    after = rest.partition(END)[2]
    file.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}", "utf-8")


def _cpu(found: "Found") -> float | None:
    return median(run.cpu_us for run in found.throughput) if found.throughput else None


def _row(one: Contender, found: "Found", yardstick: float | None) -> str:
    runs, cpu = found.throughput, _cpu(found)
    share = f"{cpu / yardstick:.2f}" if cpu and yardstick else ""
    late, dead = found.latency, found.killed
    return " | ".join(
        [
            f"| {one.title}",
            one.promise,
            _spread([run.cpu_us for run in runs]),
            share,
            _spread([run.rate for run in runs]),
            f"{late.p50_ms:.0f} / {late.p99_ms:.0f}" if late else "",
            _spread([run.rss_mb for run in runs]),
            f"{sum(run.out_of_order for run in runs):,}" if runs else "",
            f"{dead.lost} / {dead.doubled} / {dead.paid_again} |" if dead else "|",
        ]
    )


def _spread(values: Sequence[float]) -> str:
    if not values:
        return ""
    return f"{median(values):,.0f} ({min(values):,.0f}-{max(values):,.0f})"
