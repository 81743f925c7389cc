"""The last tickets and dead letters that the page shows."""

from streams.dashboard.latest import Latest
from streams.events.headers import APP
from tests.audit.scene import Scene, Written, settings_of, topics_for

SCENE = Scene(topics_for(settings_of("n")))
TICKETS = [record for record in SCENE.outputs if record.topic in SCENE.topics.outputs]


def of(app: bytes, record: Written) -> Written:
    headers = [*record.headers, (APP, app)]
    return Written(record.topic, record.partition, record.key, record.value, headers)


def test_tickets_of_other_installations_are_left_out_unread() -> None:
    latest = Latest()
    latest.app = "us"
    latest.add_tickets([TICKETS[0].read(0), of(b"us", TICKETS[1]).read(1)])
    assert (len(latest.tickets), latest.shared) == (2, False)
    foreign = Written(TICKETS[2].topic, 0, None, b"of no format of ours")
    latest.add_tickets([of(b"them", foreign).read(2)])
    assert (len(latest.tickets), latest.shared) == (2, True)


def test_letters_of_other_installations_are_left_out() -> None:
    latest = Latest()
    latest.app = "us"
    ours, theirs = SCENE.dead_letter(0, 3), of(b"them", SCENE.dead_letter(1, 3))
    latest.add_letters([ours.read(0), theirs.read(1)])
    assert ([line["place"] for line in latest.letters], latest.shared) == (["0:0"], True)
