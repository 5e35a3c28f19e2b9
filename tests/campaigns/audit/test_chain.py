"""The chain says where it was touched first; it rests on the bytes of the lines alone."""

import hashlib
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.audit.chain import BEGINNING, Finding, Link, Mark, Verdict, look_along, seal

LINES = [(7, b"seven"), (9, b"nine"), (8, b"eight"), (12, b"twelve")]
START = Mark(0, BEGINNING)


def links(lines: list[tuple[int, bytes]] = LINES, after: Mark = START) -> list[Link]:
    made = seal(lines, after=after)
    return [Link(*link, line) for link, (_, line) in zip(made, lines, strict=True)]


def test_each_hash_is_that_of_the_one_before_and_the_line() -> None:
    first, second, *_ = links()

    assert first == Link(1, 7, bytes(32), hashlib.sha256(bytes(32) + b"seven").digest(), b"seven")
    assert second == Link(2, 9, first.hash, hashlib.sha256(first.hash + b"nine").digest(), b"nine")


def test_a_chain_that_nobody_touched_is_intact_in_one_look_or_in_several() -> None:
    whole = links()

    found = look_along(whole, after=START)
    half = look_along(whole[:2], after=START)
    rest = look_along(whole[2:], after=half.end)

    assert found == Finding(verdict=Verdict.INTACT, checked_count=4, end=Mark(4, whole[-1].hash))
    assert (half.checked_count, half.end) == (2, Mark(2, whole[1].hash))
    assert rest == replace(found, checked_count=2)
    assert look_along([], after=START) == Finding(verdict=Verdict.INTACT, checked_count=0, end=START)


@pytest.mark.parametrize(
    ("damaged", "verdict", "seq", "message"),
    [
        pytest.param(
            lambda made: [*made[:2], made[2]._replace(line=b"ate"), made[3]], Verdict.CHANGED, 3,
            "line 8 is not what was sealed", id="changed",
        ),
        pytest.param(
            lambda made: [*made[:2], made[2]._replace(line=None), made[3]], Verdict.MOVED, 3, "line 8 is missing",
            id="line gone",
        ),
        pytest.param(lambda made: [*made[:2], made[3]], Verdict.MOVED, 4, "link 3 is missing", id="link gone"),
        pytest.param(lambda made: made[1:], Verdict.MOVED, 2, "link 1 is missing", id="beginning gone"),
        pytest.param(
            lambda made: [made[0], made[2]._replace(seq=2), made[1]._replace(seq=3), made[3]], Verdict.MOVED, 2,
            "the link does not follow the one before it", id="swapped",
        ),
        pytest.param(
            lambda made: [*made[:3], made[3]._replace(hash=bytes(32))], Verdict.CHANGED, 4,
            "line 12 is not what was sealed", id="another hash",
        ),
        pytest.param(
            lambda made: [*made[:2], *links(LINES[2:], after=Mark(2, bytes(32)))], Verdict.MOVED, 3,
            "the link does not follow the one before it", id="another end",
        ),
    ],
)  # fmt: skip
def test_the_first_bad_link_is_named(damaged, verdict: Verdict, seq: int, message: str) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001 - each case is a function of the chain
    found = look_along(damaged(links()), after=START)

    assert (found.verdict, found.seq, found.message) == (verdict, seq, message)
    good = next(place for place, link in enumerate(damaged(links())) if link.seq == seq)
    assert (found.checked_count, found.end.seq) == (good, good)


@given(st.lists(st.binary(), min_size=2, max_size=6), st.data())
def test_no_change_of_a_line_goes_unseen(lines: list[bytes], data: st.DataObject) -> None:
    made = links(list(enumerate(lines)))
    place = data.draw(st.integers(0, len(lines) - 1))
    other = data.draw(st.binary().filter(lambda line: line != lines[place]))

    found = look_along([*made[:place], made[place]._replace(line=other), *made[place + 1 :]], after=START)

    assert (found.verdict, found.seq) == (Verdict.CHANGED, place + 1)
