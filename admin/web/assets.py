"""Our own files that pages ask browsers for: style, scripts, the icon."""

import hashlib
from functools import cache
from importlib.util import find_spec
from pathlib import Path

STATIC = Path(__file__).parent / "static"
HTMX = "htmx.js"
DIGITS = 12


@cache
def address(name: str) -> str:
    """Of a file as it is: another version has another address, so that browsers may keep each for ever."""
    return f"/static/{name}?{hashlib.sha256(_path(name).read_bytes()).hexdigest()[:DIGITS]}"


@cache
def addresses() -> frozenset[str]:
    """Of all files as they are."""
    return frozenset(map(address, (HTMX, *(file.name for file in STATIC.iterdir()))))


def htmx_file() -> Path:
    """htmx, as a package carries it; none of that package's code is run."""
    package = find_spec("django_htmx")
    if package is None or package.origin is None:
        raise FileNotFoundError("htmx comes with the package django-htmx, which is not installed: run `make setup`")
    return Path(package.origin).parent / "static" / "django_htmx" / "htmx-2.min.js"


def _path(name: str) -> Path:
    return htmx_file() if name == HTMX else STATIC / name
