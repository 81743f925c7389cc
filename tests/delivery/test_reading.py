from streams.delivery.reading import ReadingWatch


def test_a_partition_with_records_ahead_that_does_not_move_is_noticed() -> None:
    watch = ReadingWatch()
    assert watch.look({0: 5, 1: 9}, {0: 8, 1: 9}, idle=True, now=0) == 0
    assert watch.look({0: 5, 1: 9}, {0: 8, 1: 9}, idle=True, now=30) == 30
    assert watch.look({0: 6, 1: 9}, {0: 8, 1: 9}, idle=True, now=60) == 0
    assert watch.look({0: 6, 1: 9}, {0: 9, 1: 9}, idle=True, now=80) == 20


def test_reading_to_the_end_and_being_held_back_are_no_standstill() -> None:
    watch = ReadingWatch()
    for now in range(0, 300, 10):
        assert watch.look({0: 8}, {0: 8}, idle=True, now=now) == 0
        assert watch.look({0: 5}, {0: 8}, idle=False, now=now) == 0


def test_a_partition_that_is_no_longer_ours_is_forgotten() -> None:
    watch = ReadingWatch()
    watch.look({0: 5}, {0: 8}, idle=True, now=0)
    assert watch.look({}, {0: 8}, idle=True, now=50) == 0
    assert watch.look({0: 5}, {0: 8}, idle=True, now=60) == 0
