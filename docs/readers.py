"""Runs the Flink and Kafka Connect examples of docs/consumers.md: ``python -m docs.readers``.

Word for word, except for addresses, and that Flink stops at the end of the topics. They read what
KAFKA_BOOTSTRAP_SERVERS and SCHEMA_REGISTRY_URL name: the stack under "To try it here" there, with
some tickets. Compare what they print with ``ticket-streams spend --by category``.

Needs a JDK, 17 or 21, and Maven, which downloads 155 MB for Flink, 90 MB for Connect; for Connect a
PostgreSQL server besides. So it is no test.

    python -m docs.readers flink
    python -m docs.readers connect --database 127.0.0.1:5432/support --user desk
"""

import json
import os
import re
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import click

HERE = Path(__file__).parent
PAGE = HERE / "consumers.md"
FLINK = "2.2.0"
JARS = {
    "flink": (
        *(
            f"org.apache.flink:flink-{name}:{FLINK}"
            for name in (
                *("clients", "table-planner-loader", "table-runtime", "table-api-java-bridge"),
                *("connector-base", "connector-files", "json", "sql-avro-confluent-registry"),
            )
        ),
        f"org.apache.flink:flink-sql-connector-kafka:5.0.0-{FLINK[:3]}",
    ),
    "connect": (
        *(f"org.apache.kafka:connect-{name}:4.3.0" for name in ("runtime", "json", "transforms")),
        "io.debezium:debezium-connector-jdbc:3.3.1.Final",
        "org.postgresql:postgresql:42.7.8",
    ),
    "converter": ("io.apicurio:apicurio-registry-utils-converter:2.6.13.Final",),
}
BROKERS_OWN = ("connect-*", "kafka-clients*", "slf4j*", "zstd*", "snappy*", "lz4*")
"""Jars that a plugin must not bring along."""


def blocks(heading: str, language: str) -> Iterator[str]:
    """The page's code blocks of a language under a heading."""
    _, _, rest = PAGE.read_text("utf-8").partition(f"\n## {heading}\n")
    yield from re.findall(f"```{language}\n(.*?)```", rest.partition("\n## ")[0], re.DOTALL)


def jars(name: str, cache: Path) -> Path:
    """The folder with these jars and all that they need; Maven fills it once."""
    folder = cache / name
    if not (folder / "done").exists():
        folder.mkdir(parents=True, exist_ok=True)
        parts = ("groupId", "artifactId", "version")
        needed = "".join(
            "<dependency>"
            + "".join(f"<{p}>{v}</{p}>" for p, v in zip(parts, jar.split(":"), strict=True))
            + "</dependency>"
            for jar in (*JARS[name], "org.slf4j:slf4j-simple:1.7.36")
        )
        (folder / "pom.xml").write_text(
            "<project><modelVersion>4.0.0</modelVersion><groupId>readers</groupId>"
            f"<artifactId>{name}</artifactId><version>1</version>"
            f"<dependencies>{needed}</dependencies></project>"
        )
        copy = ["dependency:copy-dependencies", f"-DoutputDirectory={folder}"]
        subprocess.run(["mvn", "-q", "-B", *copy, "-DincludeScope=runtime"], cwd=folder, check=True)
        (folder / "done").touch()
    return folder


def here(text: str) -> str:
    """An example, with this machine's addresses in place of the page's."""
    registry = os.environ["SCHEMA_REGISTRY_URL"]
    return (
        text.replace("kafka:9092", os.environ["KAFKA_BOOTSTRAP_SERVERS"])
        .replace(
            "http://registry:8081/apis/registry/v2",
            registry.partition("/apis/")[0] + "/apis/registry/v2",
        )
        .replace("http://registry:8081", registry)
    )


@click.group()
@click.option("--cache", default="build/readers", type=click.Path(path_type=Path), help="For jars.")
@click.pass_context
def main(context: click.Context, cache: Path) -> None:
    """Run the page's examples."""
    context.obj = cache.absolute()


@main.command()
@click.pass_obj
def flink(cache: Path) -> None:
    """Print what each SELECT has found at the end of the topics."""
    script = here("\n".join(blocks("Flink SQL", "sql")))
    script = re.sub(r"(  'topic' = .*\n)", r"\1  'scan.bounded.mode' = 'latest-offset',\n", script)
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as file:
        file.write(script)
        file.flush()
        opens = [f"--add-opens=java.base/java.{name}=ALL-UNNAMED" for name in ("util", "lang")]
        quiet = "-Dorg.slf4j.simpleLogger.defaultLogLevel=error"
        path = f"{jars('flink', cache)}/*"
        program = str(HERE / "RunFlinkSql.java")
        subprocess.run(["java", *opens, quiet, "-cp", path, program, file.name], check=True)


@main.command()
@click.option("--database", required=True, help="PostgreSQL, as HOST:PORT/NAME. Tables are made.")
@click.option("--user", required=True)
@click.option("--seconds", default=90.0, show_default=True, help="How long Connect runs.")
@click.pass_obj
def connect(cache: Path, database: str, user: str, seconds: float) -> None:
    """Run the sinks, then print what the tables hold."""
    runtime, converter = jars("connect", cache), jars("converter", cache)
    for pattern in BROKERS_OWN:
        for jar in converter.glob(pattern):
            jar.unlink()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        plugins = folder / "plugins"
        plugins.mkdir()
        (plugins / "converter").symlink_to(converter)
        configs = []
        for text in blocks("Kafka Connect: rows in a database", "json"):
            config = json.loads(here(text).replace("db:5432/support", database))["config"]
            config |= {"name": f"reader-{len(configs)}", "tasks.max": "1"}
            config |= {"connection.username": user, "connection.password": "-"}
            configs.append(folder / f"{config['name']}.properties")
            lines = [f"{key}={value}".replace("\\", "\\\\") for key, value in config.items()]
            configs[-1].write_text("\n".join(lines))
        byte_arrays = "org.apache.kafka.connect.converters.ByteArrayConverter"
        worker = {
            "bootstrap.servers": os.environ["KAFKA_BOOTSTRAP_SERVERS"],
            "key.converter": byte_arrays,
            "value.converter": byte_arrays,
            "offset.storage.file.filename": folder / "offsets",
            "listeners": "http://127.0.0.1:28084",
            "connector.client.config.override.policy": "All",
            "plugin.path": plugins,
        }
        properties = folder / "worker.properties"
        properties.write_text("\n".join(f"{key}={value}" for key, value in worker.items()))
        quiet = "-Dorg.slf4j.simpleLogger.defaultLogLevel=error"
        program = "org.apache.kafka.connect.cli.ConnectStandalone"
        with subprocess.Popen(
            ["java", quiet, "-cp", f"{runtime}/*", program, properties, *configs]
        ) as running:
            time.sleep(seconds)
            running.terminate()
    selects = [
        "SELECT category, count(*), sum(cost_picodollars) FROM routed_tickets GROUP BY 1",
        "SELECT tier, count(*), sum(cost_picodollars) FROM calls GROUP BY 1",
        *blocks("Kafka Connect: rows in a database", "sql"),
    ]
    for select in selects:
        subprocess.run(["psql", f"postgresql://{user}@{database}", "-c", select], check=True)


if __name__ == "__main__":
    main()
