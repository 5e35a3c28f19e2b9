"""Pictures in a folder, each named by its item."""

from pathlib import Path
from urllib.parse import unquote
from warnings import catch_warnings, simplefilter

import numpy as np
from PIL import Image, ImageOps

FORMATS = {".jpeg": "JPEG", ".jpg": "JPEG", ".png": "PNG", ".webp": "WEBP"}
"""By ending."""
BRIGHTNESSES = 256
"""Of 16 bits, that are one of 8."""


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


def opened(path: Path) -> Image.Image:
    """In RGB, upright, on white where it is transparent. Raises PicturesNotUsable, which names the file."""
    try:
        with catch_warnings():
            simplefilter("ignore", Image.DecompressionBombWarning)  # large, and not yet too large
            with Image.open(path, formats=sorted(set(FORMATS.values()))) as picture:
                return _in_colours(ImageOps.exif_transpose(picture))
    except Exception as error:  # files of others may be wrong in any way
        raise PicturesNotUsable(f"{path} is no picture that can be read ({error}); mend it or take it out") from error


def _in_colours(picture: Image.Image) -> Image.Image:
    if picture.mode.startswith("I"):  # of 16 bits, which would all be white
        picture = Image.fromarray((np.asarray(picture) // BRIGHTNESSES).astype(np.uint8))
    if not picture.has_transparency_data:
        return picture.convert("RGB")
    ground = Image.new("RGBA", picture.size, "white")
    ground.alpha_composite(picture.convert("RGBA"))
    return ground.convert("RGB")
