from streams.audit.fates import ROWS, Fates, Mark


def test_what_is_known_of_a_ticket_is_found_again() -> None:
    fates = Fates()
    for partition, offset in ((1, 3 * ROWS + 5), (0, 7), (0, 2)):
        block, row = fates.at(partition, offset)
        block.marks[row] |= Mark.ARRIVED
    block, row = fates.at(0, 7)
    block.money[row] -= 10**15
    found = [(fate.partition, fate.offset, fate.block.money[fate.row]) for fate in fates]
    assert found == [(0, 2, 0), (0, 7, -(10**15)), (1, 3 * ROWS + 5, 0)]


def test_a_ticket_that_was_only_looked_up_is_not_there() -> None:
    fates = Fates()
    fates.at(0, 0)
    assert not list(fates)


def test_a_million_tickets_take_less_than_64_mb() -> None:
    fates = Fates()
    block, _ = fates.at(0, 0)
    columns = [getattr(block, name) for name in block.__slots__]
    assert sum(column.itemsize for column in columns) <= 64
    assert {len(column) for column in columns} == {ROWS}


def test_every_mark_is_a_bit_of_its_own_and_fits() -> None:
    marks = [value for name, value in vars(Mark).items() if name.isupper()]
    assert sorted(marks) == [1 << bit for bit in range(len(marks))]
    assert max(marks) < 1 << 16
