"""Where a command is to write in the end is looked at in the beginning."""

from pathlib import Path

import pytest
import typer

from admin.files.result_files import writable


def test_a_folder_that_is_not_there_is_made(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "result.parquet"

    assert writable(path) == path
    assert path.parent.is_dir()
    assert writable(None) is None


def test_what_cannot_be_written_is_refused_before_the_work(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(typer.BadParameter, match="/file: File exists"):
        writable(tmp_path / "file" / "result.parquet")
