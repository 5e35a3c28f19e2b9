"""All tables at once: those of every room here."""

from importlib import import_module
from pathlib import Path

from database.row import Row

for path in sorted(Path(__file__).parent.glob("*/tables.py")):
    import_module(f"database.{path.parent.name}.tables")

METADATA = Row.metadata
