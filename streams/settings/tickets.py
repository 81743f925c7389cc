"""Settings of what comes in, what of it is a ticket, and how it goes out."""

from typing import Literal

from pydantic import BaseModel, Field

from streams.classify.categories import DEFAULT
from streams.events.subjects import Strategy
from streams.mapping.fields import FieldMapping
from streams.settings.values import (
    Categories,
    InputTopics,
    JmesPath,
    Mapped,
    OutputHeaders,
    TopicMappings,
    TopicName,
)


class Tickets(BaseModel):
    """Topics, formats and categories."""

    app_id: TopicName = Field(
        "ticket-streams", description="Consumer group, and prefix of our own topics."
    )
    input_topic: TopicName = Field(
        "tickets", description="Topic of ticket events, and prefix of the category topics."
    )
    input_topics: InputTopics = Field(
        (),
        description="More topics of ticket events, that are read besides: names, and patterns that "
        "begin with `^` as librdkafka has them; in the file a list, here JSON, or names separated "
        "by commas. docs/inputs.md.",
    )
    output_format: Literal["avro", "json"] = Field(
        "avro",
        description="Routed tickets as Avro (in Confluent's wire format where there is a "
        "registry, else in single-object encoding), or as JSON.",
    )
    subject_strategy: Strategy = Field(
        "TopicName",
        description="Subjects of the registry for routed tickets: one a topic (`<topic>-value`), "
        "one for all (RecordName), or `<topic>-com.ticketstreams.RoutedTicket` (TopicRecordName).",
    )
    auto_register_schemas: bool = Field(
        True, description="Register our schema there; else it must be there before the start."
    )
    output_topic: TopicName | None = Field(
        None,
        description="One topic for all routed tickets, whose header `ticket-streams.category` "
        "tells the category; a category with a topic of its own keeps it.",
    )
    output_headers: OutputHeaders = Field(
        {},
        description="Headers that every routed ticket gets besides: in the file a table "
        '`[output_headers]`, here JSON such as `{"team": "support"}`.',
    )
    categories: Categories = Field(
        DEFAULT,
        description="What tickets are sorted into, besides unknown: in the file one "
        "`[[categories]]` each, with name, description, examples and topic; here JSON, or names "
        "separated by commas.",
    )

    mapping: Mapped = Field(
        None,
        description="Where a ticket's fields stand in events of another shape: a ready-made "
        "mapping (`ticket-streams mapping show` lists them), or in the file a table `[mapping]` "
        "with JMESPath expressions id, text, subject, customer_id, channel, created_at, filter and "
        "root; here JSON. docs/mapping.md.",
    )
    topic_mappings: TopicMappings = Field(
        {},
        description="Mappings of single input topics, in place of `mapping` and `filter`: in the "
        'file a table `[topic_mappings]` such as `zendesk-events = "zendesk"`, by name or pattern; '
        "here JSON.",
    )
    filter: JmesPath = Field(
        None,
        description="JMESPath expression that is true for events that are tickets; the others are "
        "skipped. In place of the mapping's own.",
    )
    tombstones: Literal["dead_letter", "skip"] = Field(
        "dead_letter", description="What becomes of events without a value."
    )
    updates: Literal["each", "latest"] = Field(
        "each",
        description="Events with the same ticket id: each is classified, or of those that wait in "
        "a partition at the same time only the last; the others are skipped.",
    )
    output_envelope: Literal["none", "cloudevents"] = Field(
        "none", description="Routed tickets as CloudEvents in binary mode: `ce_` headers."
    )

    @property
    def mappings(self) -> list[FieldMapping]:
        """All of them."""
        return [*([self.mapping] if self.mapping else []), *self.topic_mappings.values()]

    @property
    def skips(self) -> bool:
        """Whether there may be events that are finished without a result."""
        filtered = self.filter or any(mapping.whole().filter for mapping in self.mappings)
        return bool(filtered) or self.tombstones == "skip" or self.updates == "latest"
