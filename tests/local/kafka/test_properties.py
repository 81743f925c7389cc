from streams.local.kafka.properties import render


def parsed(**extra: str) -> dict[str, str]:
    text = render(port=1234, controller_port=1235, partitions=7, extra=extra)
    return dict(line.split("=", 1) for line in text.splitlines())


def test_every_listener_is_on_this_machine_only() -> None:
    lines = parsed()
    assert lines["listeners"] == "PLAINTEXT://127.0.0.1:1234,CONTROLLER://127.0.0.1:1235"
    assert lines["advertised.listeners"] == "PLAINTEXT://127.0.0.1:1234"
    assert lines["controller.quorum.voters"] == "1@127.0.0.1:1235"


def test_topics_without_a_number_get_the_partitions_asked_for() -> None:
    assert parsed()["num.partitions"] == "7"


def test_extra_settings_win() -> None:
    assert parsed(**{"auto.create.topics.enable": "true"})["auto.create.topics.enable"] == "true"


def test_backslashes_reach_the_broker_as_written() -> None:
    assert parsed(path="a\\b")["path"] == "a\\\\b"
