"""What reads events, by the topic that they are in."""

from collections.abc import Mapping

from streams.events.inputs import matches
from streams.events.registry import Read, Registry
from streams.events.registry_client import RegistryClient
from streams.events.topics import Topics
from streams.mapping.fields import FieldMapping
from streams.mapping.reader import EventReader, reader_of
from streams.settings import Settings


class ReadersByTopic:
    """``mappings`` by name of the topic, or pattern: the first that names a topic counts there.
    Other topics are read by ``usual``."""

    def __init__(self, mappings: Mapping[str, FieldMapping], usual: Read) -> None:
        self._readers = {entry: EventReader(one).read for entry, one in mappings.items()}
        self._usual = usual
        self._known: dict[str, Read] = {}

    def of(self, topic: str) -> Read:
        """What reads the events of ``topic``."""
        if topic not in self._known:
            fitting = (read for entry, read in self._readers.items() if matches(entry, topic))
            self._known[topic] = next(fitting, self._usual)
        return self._known[topic]


def named_inputs(settings: Settings) -> dict[str, bool]:
    """The input topics that the settings name, without patterns: whether a mapping reads them."""
    return {
        topic: settings.mapping is not None
        or any(matches(entry, topic) for entry in settings.topic_mappings)
        for topic in Topics.of(settings).inputs(())
    }


def registry_of(settings: Settings) -> Registry:
    """Reads tickets as the settings have it. Raises ValueError where a certificate is wrong."""
    usual = reader_of(settings.mapping, settings.filter)
    by_topic = settings.topic_mappings
    readers = ReadersByTopic(by_topic, usual).of if by_topic else None
    return Registry(RegistryClient.of(settings), usual, readers)
