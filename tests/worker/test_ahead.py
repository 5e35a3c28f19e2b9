"""Work on the next chunk is there when it is asked for, and never in the way."""

from worker.ahead import Ahead


def test_what_was_begun_is_there_for_whoever_asks_for_it_and_for_nobody_else() -> None:
    ahead = Ahead[str]()
    ahead.begin("next", lambda: "begun")
    ahead.settle()
    assert ahead.take("next", lambda: "anew") == "begun"

    ahead.begin("next", lambda: "begun")
    assert ahead.take("another", lambda: "anew") == "anew"


def test_what_failed_before_a_pause_is_made_anew_after_it() -> None:
    ahead = Ahead[float]()
    ahead.begin("next", lambda: 1 / 0)
    ahead.settle()

    assert ahead.take("next", lambda: 1.0) == 1.0
