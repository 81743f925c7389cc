"""The parts of a ticket's way, each by the functions with which it begins."""

from collections.abc import Mapping

from benchmarks.guard.counting import Function
from streams import app
from streams.classify import answer, duplicates, prompt, suspicion
from streams.claude.classifier import Classifier
from streams.claude.client import Claude
from streams.delivery import batches
from streams.delivery.dispatcher import Dispatcher
from streams.delivery.group_write import GroupWriter
from streams.delivery.intents import Intents
from streams.delivery.member import Member
from streams.delivery.packing import Packing
from streams.delivery.partition import SourcePartition
from streams.delivery.processing import Processing
from streams.delivery.tables import BookTable
from streams.delivery.transaction import PartitionProducer
from streams.events import encode
from streams.events.registry import Registry
from streams.observe.counts import Counts

PARTS: Mapping[str, list[Function]] = {
    "in hand": [app.work_of, Member.receive],
    "decode": [Registry.decode_known],
    "duplicates": [
        duplicates.fingerprint,
        duplicates.Duplicates.find,
        duplicates.Duplicates.remember,
    ],
    "suspicion": [suspicion.suspicious],
    "prompt part": [prompt.Prompt.part, prompt.Prompt.part_bound],
    "dispatch": [Dispatcher.submit, Dispatcher.fill, Dispatcher._end],
    "call": [Processing.__call__, Classifier.ask],
    "request": [prompt.new_ids, prompt.Prompt.request, Claude.ask],
    "answer": [answer.read_message],
    "intent": [
        SourcePartition.begin_call,
        Intents.write,
        GroupWriter._send,
        GroupWriter._send_group,
    ],
    "finish": [SourcePartition.add_call, SourcePartition.finish],
    "rows": [Packing.rows, Packing.changelog, BookTable.apply],
    "outbox": [SourcePartition._commit, SourcePartition._commit_loop],
    "encode": [encode.AvroEncoder.encode, encode.encode_call, encode.encode_done],
    "batches": [PartitionProducer.commit, batches.batches],
    "metrics": [Counts.committed],
}
