"""What a campaign found: a table for people, and the same as JSON."""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from tests.faults.campaign.rounds import Round

COLUMNS = (
    "fault", "runs", "tickets", "lost", "duplicates", "called_again", "paid_twice",
    "recovered_s", "exit",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Campaign:
    """All rounds, and how to have them again."""

    command: str
    seed: int
    seconds: float
    rounds: Sequence[Round]

    @property
    def ok(self) -> bool:
        """Whether every round was, and there was one."""
        return bool(self.rounds) and all(round_.ok for round_ in self.rounds)

    def write(self, folder: Path) -> None:
        """``faults.md`` and ``faults.json``."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "faults.md").write_text(self.markdown(), "utf-8")
        found = {
            "command": self.command,
            "seed": self.seed,
            "seconds": round(self.seconds, 1),
            "ok": self.ok,
            "rows": [row(name, rounds) for name, rounds in self._by_fault()],
            "total": row("total", self.rounds),
            "rounds": [round_.as_json() for round_ in self.rounds],
        }
        (folder / "faults.json").write_text(json.dumps(found, indent=2) + "\n", "utf-8")

    def markdown(self) -> str:
        """The table; below it what is broken, by round."""
        rows = [row(name, rounds) for name, rounds in self._by_fault()]
        rows.append(row("**total**", self.rounds))
        lines = [
            f"`{self.command}`: {len(self.rounds)} rounds in {self.seconds:.0f} s, "
            + ("every promise holds." if self.ok else "**a promise is broken.**"),
            "",
            "| " + " | ".join(COLUMNS) + " |",
            "|" + " --- |" * len(COLUMNS),
            *("| " + " | ".join(str(cells[name]) for name in COLUMNS) + " |" for cells in rows),
            "",
            "`paid_twice` is followed by its bound: 2 x `max_calls` x `batch_size` tickets for each"
            " worker that died with calls in hand, and those that a worker told it could not"
            " commit. `recovered_s`: median and longest.",
        ]
        for round_ in self.rounds:
            if not round_.ok:
                lines += ["", f"Round {round_.seed}, {round_.fault}: {complaint(round_)}"]
        return "\n".join(lines) + "\n"

    def _by_fault(self) -> Iterable[tuple[str, list[Round]]]:
        names = dict.fromkeys(round_.fault for round_ in self.rounds)
        for name in sorted(names, key=lambda name: ("+" in name, name)):
            yield name, [round_ for round_ in self.rounds if round_.fault == name]


def row(name: str, rounds: Sequence[Round]) -> dict[str, object]:
    """One row of the table: sums over ``rounds``."""

    def total(field: str) -> int:
        return sum(getattr(round_, field) for round_ in rounds)

    times = [round_.recovered_s for round_ in rounds if round_.recovered_s is not None]
    exits: Counter[int] = sum((round_.exits for round_ in rounds), Counter())
    recovered = f"{median(times):.1f} / {max(times):.1f}" if times else "-"
    return {
        "fault": name.replace("+", " + "),
        "runs": len(rounds),
        "tickets": total("tickets"),
        "lost": total("lost"),
        "duplicates": total("duplicates"),
        "called_again": total("called_again"),
        "paid_twice": f"{total('paid_twice')} (≤ {total('paid_twice_bound')})",
        "recovered_s": recovered,
        "exit": ", ".join(f"{code}: {n}" for code, n in sorted(exits.items())),
    }


def complaint(round_: Round) -> str:
    """What did not hold, in one line."""
    counts = [
        f"{name} {value}"
        for name in ("lost", "duplicates", "called_again")
        if (value := getattr(round_, name))
    ]
    if round_.paid_twice > round_.paid_twice_bound:
        counts.append(f"paid_twice {round_.paid_twice} > {round_.paid_twice_bound}")
    return "; ".join([*counts, *round_.broken])
