from streams.access.acls import ROLES, Acl, commands, least
from streams.events.topics import Topics
from streams.replay.plan import Plan, installation
from streams.settings import Settings

SETTINGS = Settings(app_id="desk", input_topic="mail", tombstones="skip")
TOPICS = Topics.of(SETTINGS)
RUNS = "desk-replay-"
"""What the names of every replay's own topics begin with."""


def test_no_role_has_rights_on_what_is_not_of_this_installation() -> None:
    made = (TOPICS.redriven, TOPICS.replays)
    ours = {TOPICS.input, *made, *(spec.name for spec in TOPICS.specs())}
    for role in ROLES:
        for acl in least(role, SETTINGS):
            if acl.resource == "topic" and not acl.prefixed:
                assert acl.name in ours
            elif acl.resource == "topic":
                assert (role, acl.name) == ("operator", RUNS)
            else:
                assert acl.name.startswith("desk")


def test_only_the_admin_may_change_topics_and_only_the_worker_and_runs_delete_records() -> None:
    changing = {"Create", "Alter", "AlterConfigs"}
    for role in ROLES:
        acls = least(role, SETTINGS)
        changed = {acl.name for acl in acls if acl.operation in changing}
        allowed = {"operator": {TOPICS.redriven, TOPICS.replays, RUNS}}.get(role, set[str]())
        assert role == "admin" or changed == allowed
        trimmed = {acl.name for acl in acls if acl.operation == "Delete"}
        trimming = {"worker": {TOPICS.done, TOPICS.intents}, "operator": {RUNS}}
        assert trimmed == trimming.get(role, set())


def test_who_only_looks_writes_nothing() -> None:
    for role in ("dashboard", "reader"):
        assert {acl.operation for acl in least(role, SETTINGS)} <= {"Read", "Describe"}


def test_workers_write_of_skipped_events_only_where_they_skip_and_readers_always_look() -> None:
    for skips in ("skip", "dead_letter"):
        settings = Settings(app_id="desk", input_topic="mail", tombstones=skips)
        write = Acl("topic", TOPICS.skipped, "Write")
        assert (write in least("worker", settings)) is (skips == "skip")
        assert Acl("topic", TOPICS.skipped, "Read") in least("reader", settings)


def test_several_inputs_need_rights_on_each_and_on_their_numbers() -> None:
    settings = Settings(app_id="desk", input_topic="mail", input_topics=("chat", r"^eu\."))
    worker = least("worker", settings)
    assert {
        Acl("topic", "mail", "Read"),
        Acl("topic", "chat", "Read"),
        Acl("topic", "eu.", "Read", prefixed=True),
        Acl("topic", "desk-sources", "Write"),
        Acl("transactional-id", "desk-sources", "Write"),
        Acl("transactional-id", "desk-chat-", "Write", prefixed=True),
        Acl("transactional-id", "desk-eu.", "Write", prefixed=True),
    } <= set(worker)
    for role in ("dashboard", "reader", "operator", "admin"):
        assert Acl("topic", "desk-sources", "Read") in least(role, settings)
    assert not [acl for acl in least("worker", SETTINGS) if acl.name == "desk-sources"]


def test_an_operator_has_all_that_the_worker_of_a_run_needs() -> None:
    plan = Plan("again", {TOPICS.input: ""}, {})
    own, _ = installation(SETTINGS, plan)
    granted = least("operator", SETTINGS)
    for needed in least("worker", own):
        if needed.name.startswith(own.app_id):
            assert any(
                acl.prefixed
                and (acl.resource, acl.operation) == (needed.resource, needed.operation)
                and needed.name.startswith(acl.name)
                for acl in granted
            )
        else:
            assert needed in granted


def test_resources_that_share_their_operations_share_a_line() -> None:
    acls = [
        Acl("topic", "b", "Write"),
        Acl("topic", "a", "Write"),
        Acl("topic", "c", "Write"),
        Acl("topic", "c", "Read"),
        Acl("transactional-id", "d-", "Write", prefixed=True),
    ]
    head = "kafka-acls --bootstrap-server k:1 --add --allow-principal 'User:a b'"
    assert commands(acls, "User:a b", "k:1") == [
        f"{head} --operation Write --topic b --topic a",
        f"{head} --operation Read --operation Write --topic c",
        f"{head} --operation Write --transactional-id d- --resource-pattern-type prefixed",
    ]


def test_an_acl_is_told_in_words() -> None:
    assert str(Acl("topic", "mail", "Read")) == "Read on topic mail"
    assert str(Acl("transactional-id", "d-", "Write", True)) == (
        "Write on transactional id beginning with d-"
    )
