"""`tierwise` in the process of the test, on the test's database."""

import json
from typing import Any

from typer.testing import CliRunner

from admin.command_line import main


class Shell:
    """`tierwise` on the database of the test."""

    def __init__(self, database_url: str) -> None:
        self._url = database_url

    def __call__(self, *arguments: str, status: int = 0) -> Any:  # noqa: ANN401  # whatever the command prints
        """What a command printed as JSON, when it ended with this status."""
        result = CliRunner().invoke(main, [*arguments, "--json", "--database-url", self._url])
        assert result.exit_code == status, result.output
        return json.loads(result.stdout)

    def refusal(self, *arguments: str) -> str:
        """What a refused command said."""
        result = CliRunner().invoke(main, [*arguments, "--database-url", self._url])
        assert result.exit_code == 2
        return " ".join(result.stderr.split())
