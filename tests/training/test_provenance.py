"""A training goes on where it was only with the data, the configuration and the code that it began with."""

import shutil
from pathlib import Path

from made.histories import AS_OF, random_shop

from training.configuration import Configuration
from training.provenance import PACKAGES, code_of, fingerprint_of


def test_a_line_of_code_makes_another_fingerprint_and_another_place_does_not(tmp_path: Path) -> None:
    for name in ("first", "second", "changed"):
        shutil.copytree(PACKAGES[0], tmp_path / name / "events", ignore=shutil.ignore_patterns("__pycache__"))
    changed = tmp_path / "changed" / "events" / "event.py"
    changed.write_text(changed.read_text() + "# another line\n")

    first, second, third = (code_of(tmp_path / name / "events") for name in ("first", "second", "changed"))
    assert first == second == code_of(PACKAGES[0])
    assert third != first


def test_everything_that_decides_the_weights_is_in_the_fingerprint() -> None:
    shop, usual = random_shop(5, seed=1), Configuration()
    known = fingerprint_of(shop, None, AS_OF, usual, 0)

    assert known == fingerprint_of(shop.reverse(), None, AS_OF, usual, 0)
    assert known != fingerprint_of(shop, None, AS_OF, usual, 1)
    assert known != fingerprint_of(shop[1:], None, AS_OF, usual, 0)
