"""Codes survive being read out, and no slip of the pen passes for another code."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.coupons.codes import ALPHABET, LENGTH, displayed, mint, normalise
from campaigns.coupons.refusals import InvalidCode

CODES = st.builds(lambda: mint(1)[0])
PLACES = st.integers(min_value=0, max_value=LENGTH - 1)


def test_codes_have_thirteen_symbols_of_the_alphabet_and_do_not_repeat() -> None:
    codes = mint(20_000)

    assert {len(code) for code in codes} == {LENGTH}
    assert set("".join(codes)) == set(ALPHABET)
    assert len(set(codes)) == 20_000


def test_every_symbol_is_equally_likely() -> None:
    symbols = "".join(code[:-1] for code in mint(20_000))

    share = [symbols.count(symbol) / len(symbols) for symbol in ALPHABET]

    assert max(share) < 1.1 / 32
    assert min(share) > 0.9 / 32


def test_a_code_is_read_without_its_separators_and_shown_in_fours() -> None:
    assert normalise("0000-0000-0000-0") == "0000000000000"
    assert normalise("1234 5678 9ABC B") == "123456789ABCB"
    assert displayed("123456789ABCB") == "1234-5678-9ABCB"


@pytest.mark.parametrize("written", ["Spring Card 2", "spr1ng-card-2", "SPRINGCARD2"])
def test_a_code_from_elsewhere_is_read_as_ours_are_and_shown_as_it_is_looked_up(written: str) -> None:
    assert displayed(normalise(written)) == "SPR1NGCARD2"


@given(CODES, st.data())
def test_what_is_displayed_is_read_back_in_any_case_with_look_alikes(code: str, data: st.DataObject) -> None:
    shown = (
        displayed(code)
        .replace("0", data.draw(st.sampled_from("0Oo")))
        .replace("1", data.draw(st.sampled_from("1IiLl")))
    )

    assert normalise(data.draw(st.sampled_from([shown, shown.lower(), f" {shown} "]))) == code


@given(CODES, PLACES, st.sampled_from(ALPHABET))
def test_one_wrong_symbol_is_always_caught(code: str, place: int, symbol: str) -> None:
    wrong = code[:place] + symbol + code[place + 1 :]

    if wrong == code:
        assert normalise(wrong) == code
    else:
        with pytest.raises(InvalidCode, match="read it again"):
            normalise(wrong)


@given(CODES, PLACES, PLACES)
def test_two_swapped_symbols_are_always_caught(code: str, one: int, other: int) -> None:
    symbols = list(code)
    symbols[one], symbols[other] = symbols[other], symbols[one]
    wrong = "".join(symbols)

    if wrong == code:
        assert normalise(wrong) == code
    else:
        with pytest.raises(InvalidCode):
            normalise(wrong)


@pytest.mark.parametrize(
    "written", ["", "ABC", "U" * 13, "0" * 7, "0" * 33, "0000-0000-0000-é", "ß" * 7, "\u0131" * 8, "SPRING_20"]
)
def test_what_is_no_code_is_refused_with_the_field(written: str) -> None:
    with pytest.raises(InvalidCode) as refused:
        normalise(written)

    assert (refused.value.reason, refused.value.metadata) == ("INVALID_CODE", {"field": "code"})
