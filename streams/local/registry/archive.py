"""The registry's files: downloaded once, unpacked once."""

import shutil
import tarfile
import tempfile
from pathlib import Path

from filelock import FileLock

from streams.local.kafka.errors import cannot_write
from streams.local.kafka.jars import CACHE_DIR, folder, locked

JAR = "quarkus-run.jar"


def fetch() -> Path:
    """The folder with the unpacked registry. Downloads what is missing (159 MB, 168 MB unpacked);
    touches no network when nothing is. Raises KafkaUnavailable, as the broker's jars do."""
    [archive] = locked("streams.local.registry")
    place = folder().parent / archive.file.removesuffix(".tar.gz")
    if (place / JAR).exists():
        return place
    from streams.local.kafka.download import fill  # noqa: PLC0415  half a second of imports

    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(place.with_name(place.name + ".lock")):
            if not (place / JAR).exists():  # another process was faster
                downloads = place.parent / "downloads"
                fill(downloads, [archive], "Apicurio Registry")
                _unpack(downloads / archive.file, place)
                shutil.rmtree(downloads)  # its files are all there now
    except OSError as error:
        raise cannot_write(place.parent, error, f"point {CACHE_DIR} elsewhere") from error
    return place


def _unpack(archive: Path, place: Path) -> None:
    """Whole or not at all: a killed process leaves nothing under the final name."""
    with tempfile.TemporaryDirectory(dir=place.parent, prefix=".unpacking-") as unpacking:
        with tarfile.open(archive) as files:
            if hasattr(tarfile, "data_filter"):
                files.extractall(unpacking, filter="data")
            else:  # Python below 3.11.4; the archive is the one that the lock file knows
                files.extractall(unpacking)  # noqa: S202
        shutil.rmtree(place, ignore_errors=True)
        Path(unpacking).rename(place)
        Path(unpacking).mkdir()  # for the context to remove
