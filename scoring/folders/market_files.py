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


def adapters_of(folder: Path) -> list[Path]:
    """Files of all markets that a model has an adapter for."""
    return sorted(path for path in (folder / PLACE).glob(f"*{SUFFIX}") if MARKET.fullmatch(path.stem))


def _markets(folder: Path) -> set[str]:
    return {path.stem for path in adapters_of(folder)}
