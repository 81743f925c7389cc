"""Which spending a row of the spend table is, as budgets tell it apart."""

from streams.books.dimensions import read_key
from streams.books.limits import Scope


def dimensions_of(key: str) -> tuple[int, Scope]:
    """Source partition and scope, by a row's key of either form. Raises ValueError."""
    partition, dimensions = read_key(key)
    return partition, Scope(dimensions.category, dimensions.value or None)
