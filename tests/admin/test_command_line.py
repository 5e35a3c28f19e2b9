"""Every command exists, explains itself, and imports no more than it needs."""

import json
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.main import get_command
from typer.testing import CliRunner

from admin.command_line import COMMANDS, main
from admin.commands.evaluate import show_apart
from admin.shell.output import emit
from settings import child_environment

ASKING = {"adapt", "ask", "evaluate", "predict", "recommend", "train", "tune", "uplift"}
ROOT = Path(__file__).resolve().parents[2]
SHOWN = re.compile(r"^(?:\$ )?(?:[A-Z_]+=\S+ )*(?:torchrun .*)?(tierwise .*)$", re.MULTILINE)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_explains_itself(name: str) -> None:
    shown = CliRunner().invoke(main, [name, "--help"])

    assert shown.exit_code == 0, shown.output
    assert "Usage:" in shown.output
    assert "completion" not in shown.output


def test_every_command_argument_and_option_says_what_it_is() -> None:
    silent = [
        f"{path} {part}"
        for path, command in commands(get_command(main), "tierwise")
        for part, said in [("", command.help), *((each.name, each.help) for each in command.params)]
        if not said
    ]

    assert silent == []


def test_blocks_of_the_documents_show_commands_with_options_that_there_are() -> None:
    known = {
        path: {option for each in command.params for option in (*each.opts, *each.secondary_opts)}
        for path, command in commands(get_command(main), "tierwise")
    }
    shown = [line for page in (ROOT / "README.md", *(ROOT / "docs").glob("*.md")) for line in blocks(page)]

    assert len(shown) > 100
    assert [line for line in shown if not options(line) <= known.get(named(line, known), set())] == []


def blocks(page: Path) -> list[str]:
    """Lines that begin with our command, as a reader would type them."""
    return [re.sub(r" --as \S+", "", line) for line in SHOWN.findall(page.read_text())]


def named(line: str, known: Mapping[str, set[str]]) -> str:
    return max((path for path in known if f"{line} ".startswith(f"{path} ")), key=len, default="")


def options(line: str) -> set[str]:
    return {word for word in shlex.split(line, comments=True) if word.startswith("--")}


def commands(command: Any, path: str) -> Iterator[tuple[str, Any]]:  # noqa: ANN401  # typer's command type is private
    """Those of a group that do something, with the words that lead there."""
    if not hasattr(command, "list_commands"):
        yield path, command
        return
    context = typer.Context(command)
    for name in command.list_commands(context):
        yield from commands(command.get_command(context, name), f"{path} {name}")


def test_every_module_of_a_command_is_reachable() -> None:
    modules = {f"admin.commands.{path.stem}" for path in (ROOT / "admin" / "commands").glob("[a-z]*.py")}

    assert {command.module for command in COMMANDS.values()} == modules


def test_help_imports_neither_the_network_nor_the_wire() -> None:
    assert imported("admin.command_line", among=("torch", "grpc", "sqlalchemy")) == "[]"


def test_commands_that_neither_ask_nor_teach_a_model_do_without_what_takes_seconds_to_import() -> None:
    modules = [command.module for name, command in COMMANDS.items() if name not in ASKING]

    assert imported(*modules, among=("torch", "matplotlib", "tensorboard", "transformers")) == "[]"


def imported(*modules: str, among: tuple[str, ...]) -> str:
    """Which of these come with the modules, in a process of their own."""
    code = (
        f"import sys, importlib; [importlib.import_module(name) for name in {modules}];"
        f" print([name for name in {among} if name in sys.modules])"
    )
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    ).stdout.strip()


def test_a_locale_with_few_letters_reads_our_files_and_stops_no_words() -> None:
    code = (
        "from database.shape import known_revisions; from database.reporting.views import views;"
        " known_revisions(); views(); from admin.command_line import main; main(['job', 'list', '--help'])"
    )
    bare = child_environment({"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0", "COLUMNS": "60"})
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False, cwd=ROOT, env=bare)

    assert (done.returncode, done.stderr) == (0, b"")
    assert b"\\u2026" in done.stdout


def test_files_of_the_folder_where_a_process_is_started_are_none_of_its_modules(tmp_path: Path) -> None:
    (tmp_path / "settings.py").write_text("raise SystemExit('another program')")
    code = "from admin.command_line import main; main(['serve'])"
    ours = child_environment({"PYTHONPATH": f"{ROOT}:{ROOT / 'protos/gen'}"})

    done = subprocess.run(
        [sys.executable, "-P", "-c", code], capture_output=True, text=True, check=False, cwd=tmp_path, env=ours
    )

    assert "TIERWISE_DATABASE_URL is not set" in done.stderr


def test_an_unknown_command_is_a_usage_error() -> None:
    shown = CliRunner().invoke(main, ["reticulate"])

    assert shown.exit_code == 2
    assert "No such command 'reticulate'" in shown.output


def test_rows_without_room_for_their_words_stand_below_each_other(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    emit([{"id": name * 16, "kind": "LAUNCH"} for name in "ab"], as_json=False)
    beside = capsys.readouterr().out
    emit([{"id": name * 28, "kind": "LAUNCH", "state": "RUNNING"} for name in "ab"], as_json=False, title="Jobs")
    below = capsys.readouterr().out
    emit({"file": "c" * 40}, as_json=False)
    one = capsys.readouterr().out
    emit([{"file": name * 50} for name in "de"], as_json=False)
    long = capsys.readouterr().out

    assert [line for line in beside.splitlines() if "aaaa" in line] == ["│ aaaaaaaaaaaaaaaa │ LAUNCH │"]
    assert [line for line in below.splitlines() if "│" in line] == [
        f"│ id    │ {'a' * 28} │", f"│ kind  │ LAUNCH{' ' * 22} │", f"│ state │ RUNNING{' ' * 21} │",
        f"│ id    │ {'b' * 28} │", f"│ kind  │ LAUNCH{' ' * 22} │", f"│ state │ RUNNING{' ' * 21} │",
    ]  # fmt: skip
    assert below.count("Jobs") == 1
    assert one.count("c") == 40
    assert (long.count("d"), long.count("e")) == (50, 52)


def test_a_wide_table_is_drawn_without_lines_and_then_lies_on_its_side(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [{"predictor": name, "average_precision": 0.5, "total_ratio": 1.0} for name in ("model", "trees")]
    monkeypatch.setenv("COLUMNS", "41")
    emit(rows, as_json=False)
    slim = capsys.readouterr().out
    monkeypatch.setenv("COLUMNS", "40")
    emit(rows, as_json=False)
    aside = capsys.readouterr().out

    assert [line.split() for line in slim.splitlines() if "─" not in line] == [
        ["predictor", "average_precision", "total_ratio"], ["model", "0.5", "1"], ["trees", "0.5", "1"],
    ]  # fmt: skip
    assert [line.strip(" │┃").split() for line in aside.splitlines() if "0.5" in line] == [
        ["average_precision", "│", "0.5", "│", "0.5"]
    ]


def test_no_word_is_cut_where_another_column_has_room_to_spare(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "54")
    emit([{"step": "bad dates and time zones", "rejected": 12, "what": "UNREADABLE_UNIT_PRICE 12"}], as_json=False)

    assert "UNREADABLE_UNIT_PRICE" in capsys.readouterr().out


def test_a_list_of_nothing_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    emit([], as_json=False, title="Campaigns")

    assert capsys.readouterr().out == "Campaigns: none\n"


def test_results_are_json_when_asked(capsys: pytest.CaptureFixture[str]) -> None:
    emit([{"tier": "HIGH", "customers": 12}], as_json=True)

    assert json.loads(capsys.readouterr().out) == [{"tier": "HIGH", "customers": 12}]


def test_a_number_without_a_bound_is_null_in_json(capsys: pytest.CaptureFixture[str]) -> None:
    emit({"interval": [float("-inf"), 0.5], "ratio": {"value": float("nan")}}, as_json=True)

    assert json.loads(capsys.readouterr().out) == {"interval": [None, 0.5], "ratio": {"value": None}}


def test_differences_that_nobody_knows_are_no_tables(capsys: pytest.CaptureFixture[str]) -> None:
    show_apart({"trees": {"auc": None, "ece": None}, "linear": {"auc": (0.1, 0.2), "ece": None}}, "Model minus")
    shown = capsys.readouterr().out

    assert "trees" not in shown
    assert "Model minus linear, 95 %" in shown
    assert [line.split()[1:-1] for line in shown.splitlines() if "auc" in line or "ece" in line] == [
        ["auc", "│", "+0.1000", "to", "+0.2000"], ["ece", "│", "–"],
    ]  # fmt: skip
