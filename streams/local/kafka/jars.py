"""Which jars make the broker, and where they are kept.

``jars.lock`` names each jar with its size and SHA-256 and names no host: the repository is the
resolver's default (Maven Central) or ``TICKET_STREAMS_MAVEN_REPOSITORY``.
"""

import os
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import platformdirs

CACHE_DIR = "TICKET_STREAMS_CACHE_DIR"


@dataclass(frozen=True)
class Jar:
    """One file of a Maven repository: its bytes, and SHA-256 in hex.

    ``coordinate`` is ``group:artifact:version`` for a jar; ``:classifier:packaging`` may follow.
    """

    coordinate: str
    size: int
    sha256: str

    @property
    def file(self) -> str:
        """Its file name in the cache: Maven's own, and unique among the jars of the lock."""
        _, artifact, version, classifier, packaging = self.parts
        return f"{'-'.join(filter(None, (artifact, version, classifier)))}.{packaging}"

    @property
    def parts(self) -> tuple[str, str, str, str, str]:
        """Group, artifact, version, classifier (empty for the main file) and packaging."""
        group, artifact, version, *rest = self.coordinate.split(":")
        classifier, packaging = rest or ("", "jar")
        return group, artifact, version, classifier, packaging

    def is_in(self, folder: Path) -> bool:
        """Whether ``folder`` has it. Size is enough: only checked jars get their final name."""
        try:
            return (folder / self.file).stat().st_size == self.size
        except OSError:
            return False


def locked(package: str = "streams.local.kafka") -> list[Jar]:
    """Every jar of the package's lock, in the order of the class path."""
    text = resources.files(package).joinpath("jars.lock").read_text("utf-8")
    rows = (line.split() for line in text.splitlines() if not line.startswith("#"))
    return [Jar(coordinate, int(size), sha256) for sha256, size, coordinate in rows]


def folder() -> Path:
    """Where the jars are kept: under ``TICKET_STREAMS_CACHE_DIR``, or the user's cache."""
    named = os.environ.get(CACHE_DIR)
    base = Path(named).expanduser() if named else platformdirs.user_cache_path("ticket-streams")
    return base.absolute() / "jars"


def fetch() -> list[Path]:
    """The class path. Downloads what is missing; touches no network when nothing is.

    Raises KafkaUnavailable: no network, a full disk, or a jar that is not the one of the lock.
    """
    place, jars = folder(), locked()
    if not all(jar.is_in(place) for jar in jars):
        from streams.local.kafka.download import fill  # noqa: PLC0415  half a second of imports

        fill(place, jars)
    return [place / jar.file for jar in jars]
