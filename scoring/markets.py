"""One base model that answers for several markets: adapters are taken up, changed and dropped while it runs."""

import threading
from dataclasses import dataclass, field
from pathlib import Path

from scoring import adapters
from scoring.folders.market_files import path_of
from scoring.scorer import Scorer

Stamp = tuple[int, int, int]
"""Of a file: another one in its place has another."""


@dataclass(slots=True)
class Markets:
    """Scorers of one model folder by market; they share all weights but those that an adapter changes.

    Safe to call from several threads. A market's file is looked at whenever the market is asked for.
    """

    base: Scorer
    folder: Path
    """Of the model; see `market_files.path_of`."""
    _known: dict[str, tuple[Stamp, Scorer]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def scorer(self, market: str) -> Scorer:
        """The market's, or the base model's where it has no adapter.

        Raises:
            ModelRejected: Its adapter cannot be trusted, or was made for another model.
            MarketName: The name is no plain one.
        """
        path = path_of(self.folder, market)
        with self._lock:
            stamp = _stamp(path)
            if stamp is None:
                self._known.pop(market, None)
                return self.base
            known = self._known.get(market)
            if known is None or known[0] != stamp:
                changed = adapters.adapted(self.base.model, adapters.read(path, market))
                known = self._known[market] = (stamp, Scorer(changed, self.base.device, market=market))
            return known[1]


def _stamp(path: Path) -> Stamp | None:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size
