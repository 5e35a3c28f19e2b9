"""Where a model folder keeps its adapters; needs no tensors, so doors can ask at once which markets there are."""

import re
from pathlib import Path

MARKET = re.compile(r"[\w-]{1,64}")
PLACE, SUFFIX = "adapters", ".safetensors"


class MarketName(ValueError):
    """A market's name is not one that can name a file."""


def path_of(folder: Path, market: str) -> Path:
    """Where a model folder keeps the adapter of a market; MarketName for a name that is no plain one."""
    if not MARKET.fullmatch(market):
        raise MarketName(f"market {market!r}: letters, digits, - and _ only, 64 at most")
    return folder / PLACE / f"{market}{SUFFIX}"


def markets_without(folder: Path, before: Path) -> list[str]:
    """Of the markets that the model before has an adapter for those that the model of this folder has none for."""
    return sorted(_markets(before) - _markets(folder))


def _markets(folder: Path) -> set[str]:
    names = {path.stem for path in (folder / PLACE).glob(f"*{SUFFIX}")}
    return {name for name in names if MARKET.fullmatch(name)}
