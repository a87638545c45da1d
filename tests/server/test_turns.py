"""Whose turn it is on a worker's device."""

from server.turns import Part, Turns


def test_what_is_to_be_looked_at_goes_first_then_the_oldest():
    turns, said = Turns(), []
    came: list[tuple[Part, int]] = [("build", 4), ("build", 2), ("look", 7), ("build", 3), ("look", 6)]
    for part, batch in came:
        turns.put(part, batch, lambda part=part, batch=batch: said.append((part, batch)))
    for _ in range(5):
        turns.take()()
    assert said == [("look", 6), ("look", 7), ("build", 2), ("build", 3), ("build", 4)]
