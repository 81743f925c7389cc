"""The headers of a routed ticket, by the settings: as they came, or those of a CloudEvent."""

from streams.delivery.records import Dress, undressed
from streams.delivery.size import Headers
from streams.events.cloud_events import without, wrap
from streams.events.model import RoutedTicket
from streams.settings import Settings

CONTENT_TYPES = {"avro": "application/avro", "json": "application/json"}
"""Of the value of a routed ticket, by ``output_format``."""


def dress_of(settings: Settings) -> Dress:
    """What ``output_envelope`` asks for. Where CloudEvents come in, what their headers say of the
    event's value is not true of the routed ticket's, and is left out in any case."""
    if settings.output_envelope == "cloudevents":
        app_id, content_type = settings.app_id, CONTENT_TYPES[settings.output_format]

        def as_cloud_event(headers: Headers, routed: RoutedTicket) -> Headers:
            return [*without(headers), *wrap(routed, app_id, content_type)]

        return as_cloud_event
    if any(mapping.whole().envelope == "cloudevents" for mapping in settings.mappings):
        return lambda headers, _: without(headers)
    return undressed
