from streams.audit.group import Group, Membership
from streams.doctor.group_checks import check_group
from streams.settings import Settings
from tests.doctor.scene import only

ENDS = {0: 100, 1: 50}


def member(*partitions: int) -> Membership:
    return Membership(f"id-{partitions}", "ticket-streams", "127.0.0.1", partitions)


def test_lag_is_counted_from_the_commit_or_from_what_is_left() -> None:
    group = Group("Stable", committed={0: 90}, ends=ENDS, starts={0: 0, 1: 20})
    assert group.lag == {0: 10, 1: 30}
    assert group.waiting == 40


def test_all_at_work_is_one_line_with_what_waits() -> None:
    group = Group("Stable", (member(0, 1), member()), {0: 100, 1: 50}, ENDS)
    finding = only(check_group(Settings(), group))
    assert finding.level == "ok"
    assert "2 workers (1 spare), 0 events wait" in finding.message


def test_tickets_that_wait_for_no_worker_are_told() -> None:
    finding = only(check_group(Settings(), Group("Empty", ends=ENDS)))
    assert finding.level == "warn"
    assert "150 events wait" in finding.message
    assert only(check_group(Settings(), Group("Dead"))).level == "ok"


def test_a_partition_of_nobody_is_wrong() -> None:
    found = check_group(Settings(), Group("Stable", (member(0),), {}, ENDS))
    assert (found[1].level, found[1].message) == ("wrong", "nobody has the partitions 1")


def test_a_rebalance_is_told() -> None:
    group = Group("PreparingRebalance", (member(),), {}, ENDS)
    assert "rebalances" in only(check_group(Settings(), group)).message


def test_tickets_that_kafka_removed_before_they_were_done_are_counted() -> None:
    group = Group("Stable", (member(0, 1),), {0: 10, 1: 30}, ENDS, {0: 40, 1: 0})
    _, finding = check_group(Settings(), group)
    assert finding.level == "wrong"
    assert finding.message.startswith("partition 0: 30 events were removed")
