"""Parts whose libraries are extras of the package: they take seconds, and need not be there to train on events."""

import importlib
from typing import Any

from admin.shell.output import fail

EXTRAS = {"opacus": ("privacy", "private models")}
"""Of a library that is not the text's or the pictures'."""


def extra(module: str) -> Any:  # noqa: ANN401  # a module
    """Imported when it is asked for; ends the command where its library is not installed."""
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        library = str(error.name).partition(".")[0]
        extra, what = EXTRAS.get(library, ("training", "models of texts and pictures"))
        fail(f"{library} is not installed: {what} need `pip install tierwise[{extra}]`")
