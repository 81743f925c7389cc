from streams.access.acls import ROLES, Acl, commands, least
from streams.events.topics import Topics
from streams.settings import Settings

SETTINGS = Settings(app_id="desk", input_topic="mail")
TOPICS = Topics.of(SETTINGS)


def test_no_role_has_rights_on_what_is_not_of_this_installation() -> None:
    ours = {TOPICS.input, TOPICS.redriven, *(spec.name for spec in TOPICS.specs())}
    for role in ROLES:
        for acl in least(role, SETTINGS):
            if acl.resource == "topic":
                assert acl.name in ours
                assert not acl.prefixed
            else:
                assert acl.name.startswith("desk")


def test_only_the_admin_may_change_topics_and_only_the_worker_may_delete_records() -> None:
    changing = {"Create", "Alter", "AlterConfigs"}
    for role in ROLES:
        acls = least(role, SETTINGS)
        changed = {acl.name for acl in acls if acl.operation in changing}
        allowed = {"operator": {TOPICS.redriven}}.get(role, set[str]())
        assert role == "admin" or changed == allowed
        trimmed = {acl.name for acl in acls if acl.operation == "Delete"}
        assert trimmed == ({TOPICS.done, TOPICS.intents} if role == "worker" else set())


def test_who_only_looks_writes_nothing() -> None:
    for role in ("dashboard", "reader"):
        assert {acl.operation for acl in least(role, SETTINGS)} <= {"Read", "Describe"}


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
