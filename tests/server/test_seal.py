"""Tokens cannot be made, changed, or used for another purpose."""

import errno
import os
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.whole_file import NotWritten
from server.wire.seal import BrokenSeal, Seal, kept_key

SEAL = Seal(b"k" * 32)


@given(content=st.dictionaries(st.text(), st.integers() | st.text() | st.none()))
def test_what_is_sealed_comes_out_again(content: dict[str, object]) -> None:
    assert SEAL.open("page", SEAL.seal("page", content)) == content


@given(place=st.integers(0, 200), symbol=st.sampled_from("AQgw-_"))
def test_no_symbol_of_a_token_can_be_changed(place: int, symbol: str) -> None:
    token = SEAL.seal("page", {"k": ["anna"], "a": "0123456789abcde"})
    place %= len(token) - 1
    changed = token[:place] + symbol + token[place + 1 :]

    if changed != token:
        with pytest.raises(BrokenSeal):
            SEAL.open("page", changed)


@pytest.mark.parametrize("token", ["", "AAAA", "not base64!", "ä", "A" * 500])
def test_other_texts_are_no_tokens(token: str) -> None:
    with pytest.raises(BrokenSeal):
        SEAL.open("page", token)


def test_a_token_is_good_for_one_purpose_and_one_key() -> None:
    token = SEAL.seal("page", {"k": 1})

    for other, purpose in ((SEAL, "attribution"), (Seal(b"x" * 32), "page")):
        with pytest.raises(BrokenSeal):
            other.open(purpose, token)


def test_servers_that_start_together_share_the_key_that_one_of_them_makes(tmp_path: Path) -> None:
    path, keys, ready = tmp_path / "home" / "token.key", [], threading.Barrier(8)

    def take() -> None:
        ready.wait()
        keys.append(kept_key(path))

    threads = [threading.Thread(target=take) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(set(keys)) == 1
    assert path.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in path.parent.iterdir()] == ["token.key"]


def test_a_damaged_key_is_not_used(tmp_path: Path) -> None:
    (tmp_path / "token.key").write_bytes(b"short")

    with pytest.raises(ValueError, match="delete the file to get a new key"):
        kept_key(tmp_path / "token.key")


def test_a_key_that_is_there_is_read_where_nobody_may_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "token.key").write_bytes(bytes(32))
    monkeypatch.setattr("tempfile.NamedTemporaryFile", read_only)

    assert kept_key(tmp_path / "token.key") == bytes(32)

    with pytest.raises(NotWritten, match=f"{tmp_path}/other.key cannot be written: Read-only file system; make room"):
        kept_key(tmp_path / "other.key")


def read_only(**_: object) -> None:
    raise OSError(errno.EROFS, os.strerror(errno.EROFS))
