"""Write ``jars.lock`` anew: ``python -m streams.local.kafka.relock``.

Run it after a change of ``ROOTS`` and commit the result. Resolves the roots and all they need at
run time, downloads every jar into a temporary folder, and notes its size and SHA-256. The bytes
are trusted on this first use: compare the diff of the lock when only some versions should change.
"""

import tempfile
from pathlib import Path

from streams.local.kafka.download import context, sha256
from streams.local.kafka.jars import Jar

ROOTS = (
    "org.apache.kafka:kafka_2.13:4.3.0",
    "org.slf4j:slf4j-simple:1.7.36",  # without a binding the broker logs nothing
)
LOCK = Path(__file__).with_name("jars.lock")
HEADER = (
    "# What the embedded broker runs on; written by python -m streams.local.kafka.relock\n"
    "# sha256, bytes, group:artifact:version\n"
)


def resolve(scratch: Path) -> list[Jar]:
    """The roots and their run-time dependencies, by coordinate; downloads into ``scratch``."""
    maven = context(scratch)
    roots, needed = maven.resolver.resolve([maven.create_dependency(root) for root in ROOTS])
    jars = []
    for artifact in (dependency.artifact for dependency in (*roots, *needed)):
        file = artifact.resolve()
        coordinate = f"{artifact.groupId}:{artifact.artifactId}:{artifact.version}"
        jars.append(Jar(coordinate, file.stat().st_size, sha256(file)))
    return sorted(jars, key=lambda jar: jar.coordinate)


def render(jars: list[Jar]) -> str:
    """The text of the lock file."""
    return HEADER + "".join(f"{jar.sha256} {jar.size:>9} {jar.coordinate}\n" for jar in jars)


def main() -> None:
    """Resolve and write the lock."""
    with tempfile.TemporaryDirectory() as scratch:
        LOCK.write_text(render(resolve(Path(scratch))), encoding="utf-8")


if __name__ == "__main__":
    main()
