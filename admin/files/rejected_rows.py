"""Rows of a file that were not taken in, as a file of people: the columns, and a line of each."""

import json

from database.imports import Rejected

COLUMNS = Rejected._fields
PAGE_ROWS = 10_000


def row_of(row: Rejected) -> tuple[str, ...]:
    """What stood in it as JSON: files have all kinds of columns."""
    return str(row.row_number), row.reason, json.dumps(row.content, ensure_ascii=False)
