"""Rules as operators hand them over: a file, or standard input."""

from pathlib import Path
from typing import NoReturn

import typer

from admin.shell.output import emit, fail
from rules.check import InvalidRule
from rules.document import parse
from rules.rule import Rule

SOURCE = "A YAML or JSON document; - reads standard input."


def read_rule(file: Path, *, as_json: bool) -> Rule:
    """The rule, or the end of the command with all that is wrong with it."""
    try:
        text = typer.get_text_stream("stdin").read() if str(file) == "-" else file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        fail(f"{file} cannot be read: {error}")
    try:
        return parse(text)
    except InvalidRule as refusal:
        refuse_rule(refusal, as_json=as_json)


def refuse_rule(refusal: InvalidRule, *, as_json: bool) -> NoReturn:
    """Every problem with its place, and status 2."""
    if as_json:
        found = [{"path": problem.path, "message": problem.message} for problem in refusal.problems]
        emit({"valid": False, "problems": found}, as_json=True)
        raise typer.Exit(2)
    fail("\n".join(map(str, refusal.problems)))
