"""All tables at once: those of every module here whose name ends with `tables`."""

import pkgutil
from importlib import import_module
from pathlib import Path

from database.tables import Row

for module in pkgutil.iter_modules([str(Path(__file__).parent)]):
    if module.name.endswith("tables"):
        import_module(f"database.{module.name}")

METADATA = Row.metadata
