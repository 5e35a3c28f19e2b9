"""A file that a full disk cuts off is never taken for whole, and what is said names the place."""

import errno
import os
import resource
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from itertools import count
from pathlib import Path

import polars as pl
import pytest
import torch
import typer
from networks.tiny_model import tiny_model
from typer.testing import CliRunner

from admin.commands.simulate import simulate
from admin.shell.trouble import explained
from scoring.folders import folder
from scoring.whole_file import UNFINISHED, NotWritten, remove_left, whole_file, whole_folder
from training.curves.board import BoardCurves
from training.encoders.vector_cache import VectorCache

ROOM = 4096
FRAME = pl.DataFrame({"a": torch.rand(5_000).numpy()})


@contextmanager
def little_room() -> Iterator[None]:
    """No file may become longer, as on a disk that is full."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (ROOM, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def save(path: Path) -> None:
    with path.open("wb") as file:
        torch.save(torch.rand(5_000), file)


@pytest.mark.parametrize(
    "write", [FRAME.write_parquet, FRAME.write_csv, save, lambda path: path.write_text("x" * 2 * ROOM)]
)
def test_a_file_for_which_there_is_no_room_stays_as_it_was(tmp_path: Path, write: Callable[[Path], object]) -> None:
    path = tmp_path / "results"
    path.write_text("of before")
    words = f"{path} cannot be written: File too large.*; make room"
    with little_room(), pytest.raises(NotWritten, match=words) as it, whole_file(path) as unfinished:
        write(unfinished)

    assert explained(it.value) == str(it.value)
    assert [(each.name, each.read_text()) for each in tmp_path.iterdir()] == [("results", "of before")]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS])
def test_a_disk_that_is_full_is_told_from_one_that_never_takes_it(tmp_path: Path, number: int) -> None:
    def write() -> None:
        try:
            raise OSError(number, os.strerror(number))
        finally:
            raise RuntimeError("as torch does")

    with pytest.raises(NotWritten) as it, whole_file(tmp_path / "results"):
        write()

    assert it.value.for_want_of_room is (number in (errno.ENOSPC, errno.EDQUOT))


def test_what_is_written_whole_takes_its_place_also_behind_a_link(tmp_path: Path) -> None:
    path, link = tmp_path / "results", tmp_path / "link"
    link.symlink_to(path)
    with whole_file(link) as unfinished:
        unfinished.write_text("whole")
    with whole_file(Path("/dev/null")) as unfinished:
        unfinished.write_text("nowhere")

    assert (path.read_text(), link.is_symlink(), Path("/dev/null").is_file()) == ("whole", True, False)


@pytest.mark.parametrize("whole", [whole_file, whole_folder])
def test_where_no_folder_can_be_made_it_is_said_as_of_a_file(
    tmp_path: Path, whole: Callable[[Path], AbstractContextManager[Path]]
) -> None:
    (tmp_path / "models").write_text("a file")

    said = pytest.raises(NotWritten, match="models/today/m1 cannot be written: Not a directory")
    with said, whole(tmp_path / "models" / "today" / "m1"):
        raise AssertionError("there is no place to write to")


def test_what_no_disk_has_to_do_with_goes_its_way(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="ours"), whole_file(tmp_path / "results"):
        raise RuntimeError("ours")


def test_who_was_killed_over_a_folder_leaves_nothing_to_the_next_and_who_writes_is_left_alone(tmp_path: Path) -> None:
    place = tmp_path / "m1"
    pid = os.fork()
    if pid == 0:
        with whole_folder(place) as unfinished:
            (unfinished / "weights").write_text("half")
            os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(pid, 0)
    assert [UNFINISHED.fullmatch(path.name) is not None for path in tmp_path.iterdir()] == [True]

    late = pytest.raises(NotWritten, match="not empty")
    with late, whole_folder(place) as slow, whole_folder(place) as quick:
        (quick / "weights").write_text("whole")
        assert slow.is_dir()

    assert [(path.name, [each.read_text() for each in path.iterdir()]) for path in tmp_path.iterdir()] == [
        ("m1", ["whole"])
    ]


def test_who_was_killed_over_a_file_leaves_nothing_to_the_next_and_who_writes_is_left_alone(tmp_path: Path) -> None:
    place = tmp_path / "results"
    (tmp_path / ".results.20261128").write_text("the shop's own")
    pid = os.fork()
    if pid == 0:
        with whole_file(place) as unfinished:
            unfinished.write_text("half")
            os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(pid, 0)
    assert len(list(tmp_path.iterdir())) == 2

    with whole_file(place) as slow, whole_file(place) as quick:
        quick.write_text("quick")
        slow.write_text("slow")

    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {
        "results": "slow", ".results.20261128": "the shop's own"
    }  # fmt: skip


@pytest.mark.parametrize(("make", "whole"), [("touch", whole_file), ("mkdir", whole_folder)])
def test_what_somebody_begins_is_not_taken_for_what_was_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make: str, whole: Callable[[Path], AbstractContextManager[Path]]
) -> None:
    made, met = getattr(Path, make), list[Path]()

    def met_by_another(path: Path, **rest: bool) -> None:
        made(path, **rest)
        if UNFINISHED.fullmatch(path.name) and not met:
            met.append(path)
            remove_left(path.parent)

    monkeypatch.setattr(Path, make, met_by_another)
    with whole(tmp_path / "results") as unfinished:
        place = unfinished / "weights" if unfinished.is_dir() else unfinished
        place.write_text("whole")

    assert ([path.name for path in tmp_path.iterdir()], len(met)) == (["results"], 1)


def test_a_folder_has_its_name_once_all_that_is_in_it_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept: list[str] = []
    monkeypatch.setattr("os.fsync", lambda descriptor: kept.append(str(Path(f"/proc/self/fd/{descriptor}").readlink())))
    with whole_folder(tmp_path / "m1") as unfinished:
        (unfinished / "encoder").mkdir()
        (unfinished / "encoder" / "weights").write_text("whole")

    inner = unfinished / "encoder"
    assert set(map(Path, kept[:-1])) == {unfinished, inner, inner / "weights"}
    assert kept[-1] == str(tmp_path)


def test_models_and_vectors_leave_nothing_behind_where_there_is_no_room(tmp_path: Path) -> None:
    texts = [str(number) for number in range(2_000)]
    with little_room():
        with pytest.raises(NotWritten, match="m1 cannot be written"):
            folder.write(tiny_model("m1"), tmp_path / "models" / "m1")
        with pytest.raises(NotWritten, match=r"some\.parquet cannot be written"):
            VectorCache(tmp_path / "vectors").vectors(
                "some", texts, str.encode, lambda new: torch.rand(len(new), 8).numpy()
            )

    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_curves_for_which_there_is_no_room_name_their_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threading, "excepthook", lambda _: None)  # TensorBoard's own thread ends by it
    curves = BoardCurves(tmp_path / "run")

    words = f"{tmp_path}/run cannot be written: File too large; make room"
    with little_room(), pytest.raises(NotWritten, match=words):  # noqa: PT012 - at whichever figure its thread is found
        for step in count():
            curves.note("fit/loss", 0.5, step)


def test_a_shop_for_which_there_is_no_room_is_refused_by_the_command(tmp_path: Path) -> None:
    app = typer.Typer()
    app.command()(simulate)

    with little_room():
        ended = CliRunner().invoke(app, ["--customers", "60", "--days", "40", "--out", str(tmp_path)])

    assert isinstance(ended.exception, NotWritten)
    assert str(ended.exception).startswith(f"{tmp_path} cannot be written: ")
    assert not list(tmp_path.glob("*.parquet"))
