"""Writes the tables of README.md and docs/ from the code: ``python docs/generate.py``.

A table stands between ``<!-- generated: NAME -->`` and ``<!-- end -->``; tests/house/test_docs.py
fails when what stands there is not what this makes. docs/money.py makes a page of its own.
"""

import json
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from streams import cli
from streams.books.money import dollars
from streams.claude.prices import Price, Usage, cost, price_list
from streams.events.schemas import schema_folder
from streams.events.topics import INPUT_ROOM, Topics, TopicSpec
from streams.observe import metrics
from streams.settings import Settings, variable

ROOT = Path(__file__).parents[1]
FILES = ("README.md", "docs/operations.md", "docs/events.md", "docs/metrics.md")
MODELS = ("claude-haiku-5-5", "claude-haiku-4-5", "claude-sonnet-5-5", "claude-opus-5-5")
SCHEMAS = ("ticket", "routed_ticket", "call", "done", "skipped")
EXAMPLE = "1,000 calls of 300 + 20 tokens"

BLOCK = re.compile(r"(<!-- generated: ([\w-]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def rendered(text: str) -> str:
    """``text`` with every generated table made anew. Raises KeyError for an unknown name."""
    made = tables()
    return BLOCK.sub(lambda found: f"{found[1]}{made[found[2]]}\n{found[3]}", text)


def tables() -> dict[str, str]:
    """Every generated table by its name."""
    return {
        "commands": _table(("command", "what it does"), _commands()),
        "settings": _table(("variable", "default", "meaning"), _settings()),
        "topics": _table(("topic", "partitions", "configuration"), _topics()),
        "prices": _table(("model", "a million in", "a million out", EXAMPLE), _prices()),
        "metrics": _table(("metric", "kind", "labels", "meaning"), _metrics()),
        **{
            f"fields-{name}": _table(("field", "type", "meaning"), _fields(name))
            for name in SCHEMAS
        },
    }


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _commands() -> Iterator[tuple[str, ...]]:
    group = cli.main
    for name in cli.COMMANDS:
        command = group.get_command(None, name)  # type: ignore[arg-type]
        assert command is not None  # noqa: S101 - every name of the list has its module
        yield f"`{name}`", command.get_short_help_str(limit=200)


def _settings() -> Iterator[tuple[str, ...]]:
    for name, field in Settings.model_fields.items():
        default = "" if field.default in (None, ()) else f"`{_default(field.default)}`"
        limits = {type(bound).__name__: bound for bound in field.metadata}
        low, high = limits.get("Ge"), limits.get("Le")
        span = ""
        if low and high:
            span = f" From {low.ge:,} to {high.le:,}."
        elif low and low.ge:
            span = f" At least {low.ge:,}."
        yield f"`{variable(name)}`", default, f"{field.description}{span}"


def _default(value: Any) -> str:
    if isinstance(value, tuple):  # the categories
        return ", ".join(category.name for category in value)
    return json.dumps(value, default=str).strip('"')


def _topics() -> Iterator[tuple[str, ...]]:
    topics = Topics.of(Settings.model_construct())
    for spec in [TopicSpec(topics.input, False, INPUT_ROOM), *topics.specs()]:
        config = ", ".join(f"`{name}={value}`" for name, value in spec.config.items())
        yield f"`{spec.name}`", "as the input" if spec.same_partitions else "any number", config


def _prices() -> Iterator[tuple[str, ...]]:
    for model in MODELS:
        price = price_list().price(model, 0)
        call = cost(Usage(300, 20), price)
        yield (
            f"`{model}`",
            _million(price, "input"),
            _million(price, "output"),
            dollars(call * 1000, 2),
        )


def _metrics() -> Iterator[tuple[str, ...]]:
    for metric in metrics.ALL:
        labels = ", ".join(f"`{label}`" for label in metric.labels)
        yield f"`{metric.name}`", metric.kind, labels, metric.help


def _million(price: Price, kind: str) -> str:
    rates = [dollars(getattr(band, kind) * 10**6, 2) for band in price.bands]
    above = f" ({rates[1]} above {price.bands[0].up_to:,} tokens)" if len(rates) > 1 else ""
    return rates[0] + above


def _fields(name: str) -> Iterator[tuple[str, ...]]:
    schema = json.loads((schema_folder() / f"{name}.avsc").read_text("utf-8"))
    for field in schema["fields"]:
        yield f"`{field['name']}`", _type(field["type"]), field["doc"]
        for inner in _record(field["type"]).get("fields", ()):
            if not inner["doc"]:
                break  # a result: as in a routed ticket
            yield f"`{field['name']}.{inner['name']}`", _type(inner["type"]), inner["doc"]


def _type(kind: Any) -> str:
    if isinstance(kind, list):
        return " or ".join(_type(branch) for branch in kind if branch != "null") + ", may be null"
    if isinstance(kind, Mapping):
        if kind["type"] == "array":
            return f"list of {_type(kind['items'])}"
        return str(kind.get("logicalType") or kind.get("name") or kind["type"])
    return str(kind)


def _record(kind: Any) -> Mapping[str, Any]:
    """The record inside a field's type, or nothing."""
    if isinstance(kind, list):
        return next((found for branch in kind if (found := _record(branch))), {})
    if isinstance(kind, Mapping):
        return (
            _record(kind["items"]) if kind["type"] == "array" else kind if "fields" in kind else {}
        )
    return {}


if __name__ == "__main__":
    for file in FILES:
        path = ROOT / file
        path.write_text(rendered(path.read_text("utf-8")), "utf-8")
    subprocess.run([sys.executable, "-m", "docs.money"], cwd=ROOT, check=True)  # a page of its own
