"""Pictures in a folder, each named by its item."""

from collections.abc import Sequence
from pathlib import Path
from urllib.parse import unquote

from PIL import Image

FORMATS = {".jpeg": "JPEG", ".jpg": "JPEG", ".png": "PNG", ".webp": "WEBP"}
"""By ending."""


class PicturesNotUsable(ValueError):
    """There are none, or one cannot be read."""


def pictures_of(folder: Path) -> dict[str, Path]:
    """Item id to its file: "A-12.jpg", or "12%2Fblue.png" for the item "12/blue". Of several, the first by name.

    Raises PicturesNotUsable.
    """
    if not folder.is_dir():
        raise PicturesNotUsable(f"{folder} is no folder; name one with a picture for each item")
    files = sorted((path for path in folder.iterdir() if path.suffix.lower() in FORMATS), reverse=True)
    if not files:
        raise PicturesNotUsable(f"{folder} has no pictures; they end in {', '.join(FORMATS)}, named by item")
    return {unquote(path.stem): path for path in files}


def opened(paths: Sequence[Path]) -> list[Image.Image]:
    """In RGB. Raises PicturesNotUsable, which names the file."""
    return [_opened(path) for path in paths]


def _opened(path: Path) -> Image.Image:
    try:
        with Image.open(path, formats=sorted(set(FORMATS.values()))) as picture:
            return picture.convert("RGB")
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise PicturesNotUsable(f"{path} is no picture that can be read ({error}); mend it or take it out") from error
