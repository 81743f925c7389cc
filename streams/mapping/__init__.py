"""Events of other shapes: which of them are tickets, and where a ticket's fields stand in them."""
