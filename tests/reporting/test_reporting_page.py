"""What docs/reporting.md answers is what an analyst gets, to the letter, with the rights and in the path of one."""

import re
import shlex
from pathlib import Path

import psycopg
import pytest
from running.shell import Shell

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "reporting.md").read_text()
ANSWERED = re.compile(
    r"^\*\*(?P<question>[^*]+\?)\*\*\n\n```sql\n(?P<query>.*?)```\n\n```text\n(?P<answer>.*?)```$",
    re.MULTILINE | re.DOTALL,
)


def test_every_question_has_its_answer(reported_url: str) -> None:
    asked = list(ANSWERED.finditer(PAGE))

    assert len(asked) == PAGE.partition("## Questions")[2].count("```sql") == 17
    for each in asked:
        assert table(reported_url, each["query"]) == each["answer"], each["question"]


def test_every_view_is_on_the_page(reported_url: str) -> None:
    with psycopg.connect(reported_url) as connection:
        views = [str(view) for (view,) in connection.execute("SELECT view FROM reporting.versions")]

    assert [view for view in views if f"`{view}`" not in PAGE] == []


def test_every_command_on_the_page_works(reported_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    commands = re.findall(r"^\$ tierwise (.*?)(?: --json)?$", PAGE, re.MULTILINE)

    for command in commands:
        Shell(reported_url)(*shlex.split(command))

    assert sorted(path.name for path in tmp_path.iterdir()) == ["performance.parquet", "tiers.csv"]


def table(url: str, query: str) -> str:
    """What psql prints, without the count of rows."""
    with psycopg.connect(url) as connection:
        connection.execute("SET ROLE tierwise_analyst")
        connection.execute("SET search_path = reporting")
        connection.execute("SET timezone = 'UTC'")
        cursor = connection.execute(query.encode())
        names = [column.name for column in cursor.description or ()]
        numbers = [column.type_code in (20, 21, 23, 701, 1700) for column in cursor.description or ()]
        rows = [["" if value is None else str(value) for value in row] for row in cursor]
    widths = [max(map(len, column)) for column in zip(names, *rows, strict=True)]
    lines = [[name.center(width) for name, width in zip(names, widths, strict=True)]] + [
        [
            value.rjust(width) if number else value.ljust(width)
            for value, width, number in zip(row, widths, numbers, strict=True)
        ]
        for row in rows
    ]
    printed = [" " + " | ".join(line).rstrip() for line in lines]
    rule = "-" + "-+-".join("-" * width for width in widths) + "-"
    return "\n".join([printed[0], rule, *printed[1:]]) + "\n"
