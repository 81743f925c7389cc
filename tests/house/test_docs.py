"""README, docs and CONTRIBUTING say what the code does, as far as a machine can tell."""

import json
import re
import runpy
import shlex
import tomllib
from pathlib import Path
from typing import Any, get_args

import click
import pytest

from streams import cli
from streams.audit.checks import Evidence
from streams.books.changelog import decode_key, decode_spend
from streams.books.rows import SpendRow, spend_of_ticket
from streams.classify.answer import Reason
from streams.classify.categories import DEFAULT
from streams.classify.prompt import answer_schema, prompt_version, system_prompt
from streams.claude.prices import Usage, price_list
from streams.delivery.last_resort import EXIT_FAILED
from streams.delivery.lease import EXIT_LEASE_LOST
from streams.delivery.records import dead_letter, routed
from streams.delivery.work import MOST_BYTES, DeadLetter, Work
from streams.events.errors import ErrorType
from streams.events.model import Source
from streams.events.sources import Sources
from streams.events.topics import Topics
from streams.events.wire import ENCODERS, RoutedEncoder, decode_routed
from streams.local.kafka.download import REPOSITORY
from streams.local.kafka.jars import CACHE_DIR
from streams.settings import PREFIX, Settings, load_settings, variable
from tests.house.files import ROOT, project_files, text

PAGES = (
    "README.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    *sorted(f"docs/{page.name}" for page in (ROOT / "docs").glob("*.md")),
)
GENERATOR = runpy.run_path(str(ROOT / "docs" / "generate.py"))

FIELD_OF = {"kafka": "kafka_client"}
"""Settings whose name in the file is another one."""

LINK = re.compile(r"\]\((?!\w+:)([^)#\s]*)(?:#([^)\s]+))?\)")
CODE = re.compile(r"```.*?\n(.*?)```|`([^`\n]+)`", re.DOTALL)
FENCED = re.compile(r"```(\w*)\n(.*?)```", re.DOTALL)
COMMAND = re.compile(r"\bticket-streams ([a-z][a-z-]*)([^#\n]*)")
PATH = re.compile(r"\b(?:streams|tests|docs|schemas|deploy|benchmarks)/[\w./-]*[\w/]")
MODULE = re.compile(r"\b[\w/]+\.py\b")
METHOD = re.compile(r"`([A-Z][a-z]\w+)\.([a-z_]\w+)`")


def code(page: str) -> list[str]:
    """Its code: each span, and each line of a block."""
    spans = [block or span for block, span in CODE.findall(text(page))]
    return [line for span in spans for line in span.splitlines()]


def anchors(page: str) -> set[str]:
    """Its headings as addresses."""
    bare = re.sub(r"```.*?```", "", text(page), flags=re.DOTALL)
    headings = re.findall(r"^#+ (.+)$", bare, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}


def examples(language: str, page: str = "README.md") -> list[str]:
    """The page's blocks of code in this language."""
    return [block for found, block in FENCED.findall(text(page)) if found == language]


@pytest.mark.parametrize("page", GENERATOR["FILES"])
def test_the_tables_are_those_that_the_code_makes(page: str) -> None:
    made = GENERATOR["rendered"](text(page))
    assert text(page) == made, "run python docs/generate.py"


def test_every_table_is_used() -> None:
    used = set(re.findall(r"<!-- generated: ([\w-]+) -->", "".join(map(text, PAGES))))
    assert used == GENERATOR["tables"]().keys()


@pytest.mark.parametrize("page", PAGES)
def test_every_relative_link_resolves(page: str) -> None:
    for target, anchor in LINK.findall(text(page)):
        file = ((ROOT / page).parent / target).resolve() if target else ROOT / page
        assert file.exists(), target
        if anchor:
            assert anchor in anchors(str(file.relative_to(ROOT))), f"{target}#{anchor}"


@pytest.mark.parametrize("page", PAGES)
def test_every_command_and_its_options_exist(page: str) -> None:
    for line in code(page):
        for name, rest in COMMAND.findall(line):
            assert name in cli.COMMANDS, line
            assert set(re.findall(r"--[a-z][a-z-]*", rest)) <= options(name), line


def quoted(page: str) -> list[list[str]]:
    """Its commands in full, as a shell would take them apart; without those that leave something
    out."""
    lines = [line.split(" #")[0] for line in code(page)]
    found = [match[0] for line in lines for match in COMMAND.finditer(line)]
    whole = [re.split(r"[|>&;)]", line)[0] for line in found if not re.search(r"…|\.\.\.|<", line)]
    return [shlex.split(line)[1:] for line in whole]


@pytest.mark.parametrize("page", PAGES)
def test_every_command_is_understood(page: str) -> None:
    """Each option belongs to that very sub-command and takes what it is given."""
    for words in quoted(page):
        command: Any = cli.main
        rest = words
        while isinstance(command, click.Group):
            context = click.Context(command)
            inner = command.get_command(context, rest[0]) if rest else None
            if inner is None:  # what a group does by itself
                break
            command, rest = inner, rest[1:]
        try:
            command.make_context(words[0], list(rest))
        except click.UsageError as error:
            if not re.search(LATER, error.format_message()):
                pytest.fail(f"{page}: ticket-streams {' '.join(words)}: {error.format_message()}")


def options(name: str) -> set[str]:
    """All options of a command, and of its own commands."""
    command: Any = cli.main.get_command(click.Context(cli.main), name)
    inner = getattr(command, "commands", {}).values()
    given = {"--help"}
    for parameter in [p for c in (command, *inner) for p in c.params]:
        given.update(parameter.opts, parameter.secondary_opts)
    return given


@pytest.mark.parametrize("page", PAGES)
def test_every_variable_exists(page: str) -> None:
    known = {variable(field) for field in Settings.model_fields}
    known |= {PREFIX + "CONFIG", CACHE_DIR, REPOSITORY, PREFIX}
    assert set(re.findall(rf"\b{PREFIX}\w*", text(page))) <= known


@pytest.mark.parametrize("page", PAGES)
def test_every_settings_file_can_be_read(
    page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number, block in enumerate(examples("toml", page)):
        file = tmp_path / f"{number}.toml"
        file.write_text(block, "utf-8")
        monkeypatch.setenv(PREFIX + "CONFIG", str(file))
        named = {FIELD_OF.get(name, name) for name in tomllib.loads(block)}
        assert load_settings().model_fields_set >= named


@pytest.mark.parametrize("page", PAGES)
def test_every_path_exists(page: str) -> None:
    missing = [path for path in PATH.findall(text(page)) if not (ROOT / path).exists()]
    assert not missing


@pytest.mark.parametrize("page", PAGES)
def test_every_module_exists(page: str) -> None:
    ours = ["/" + str(path.relative_to(ROOT)) for path in project_files()]
    for module in MODULE.findall(text(page)):
        assert any(path.endswith("/" + module) for path in ours), module


@pytest.mark.parametrize("page", PAGES)
def test_every_method_exists(page: str) -> None:
    sources = [path.read_text("utf-8") for path in (ROOT / "streams").rglob("*.py")]
    for owner, name in METHOD.findall(text(page)):
        homes = [source for source in sources if re.search(rf"^class {owner}\b", source, re.M)]
        assert any(re.search(rf"def {name}\b", home) for home in homes), f"{owner}.{name}"


LATER = "No such file|does not exist|Missing argument|requires an argument"
"""Files of the example, and commands that are only named."""

NOT_OURS = {"on_rebalance_complete"}


def test_every_name_in_the_architecture_is_defined() -> None:
    """Classes, functions and constants that it names without their file."""
    prose = text("docs/architecture.md").partition("## Fixed names")[0]
    named = set(re.findall(r"`([A-Z][a-z]+[A-Z]\w*|[a-z]+(?:_[a-z]+)+|[A-Z]+(?:_[A-Z]+)+)`", prose))
    assert len(named) > 15
    ours = [path.read_text("utf-8") for path in (ROOT / "streams").rglob("*.py")]
    for name in named - NOT_OURS:
        defined = re.compile(rf"(?:def|class) {name}\b|^\s*{name}\b[^=\n]* = ", re.M)
        assert any(defined.search(source) for source in ours), name


def test_the_routed_ticket_of_the_readme_is_one_and_its_price_is_right() -> None:
    sent, value = examples("json")
    found = decode_routed(value.encode())
    result = found.classification
    assert json.loads(sent)["id"] == found.ticket.id
    assert result.prompt_version == prompt_version(DEFAULT)
    usage = Usage(result.input_tokens, result.output_tokens)
    cost = price_list().cost(result.model or "", usage, result.classified_at)
    assert result.cost_picodollars == cost
    assert f"{cost:,} pico-dollars" in text("README.md")
    # And the row of the books next to it is the row of that ticket and its call.
    (row,) = [block for block in examples("") if block.startswith("key")]
    key, line = (part.split(maxsplit=1)[1] for part in row.splitlines())
    name, start, end = decode_key(key.encode())
    assert name == spend_of_ticket(found.source.partition, result).key
    assert start <= result.classified_at / 1000 <= end + 0.1
    expected = SpendRow(1, 1, result.input_tokens, result.output_tokens, picodollars=cost)
    assert decode_spend(line.encode()) == expected


def test_the_readme_knows_how_long_the_prompt_is() -> None:
    schema = json.dumps(answer_schema(), separators=(",", ":"))
    assert f"{len(system_prompt(DEFAULT).encode())} bytes of instructions" in text("README.md")
    assert f"{len(schema)} bytes of answer schema" in text("README.md")


def test_every_header_is_explained() -> None:
    topics = Topics.of(Settings.model_construct())
    partitions = dict.fromkeys([*topics.categories.values(), topics.dead_letter], 1)
    work = Work(Source(topics.input, 0, 0), None, b"", 0, ())
    records = [dead_letter(work, DeadLetter("t", "m", "decode", 0, 0, 0), topics, partitions)]
    found = decode_routed(examples("json")[1].encode())
    work.ticket = found.ticket
    encoder: RoutedEncoder = ENCODERS["json"]
    records.append(routed(work, found.classification, topics, partitions, encoder))
    headers = [name for record in records for name, _ in record.headers]
    assert len(headers) > 10
    assert not [name for name in headers if f"`{name}`" not in text("docs/events.md")]


def test_every_reason_and_every_fault_of_an_event_is_named() -> None:
    kinds = [*get_args(Reason), *get_args(ErrorType), "empty_text", "internal_error"]
    assert not [name for name in kinds if f"`{name}`" not in text("docs/events.md")]


@pytest.mark.parametrize("page", ["docs/operations.md", "docs/events.md"])
def test_the_largest_event_is_named(page: str) -> None:
    assert f"{MOST_BYTES:,} bytes" in text(page)


def test_every_check_of_verify_is_explained() -> None:
    account: dict[str, Any] = {"calls": {}, "by_model": {}}
    checks = Evidence(Sources("tickets"), 60, {}).report(account).checks
    assert not [c.name for c in checks if f"`{c.name}`" not in text("docs/reliability.md")]


def test_the_exit_codes_are_explained() -> None:
    for exit_code in (0, 1, 2, EXIT_FAILED, EXIT_LEASE_LOST):
        assert f"\n| {exit_code} | " in text("docs/reliability.md")
