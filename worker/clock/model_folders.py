"""Folders of retrained models that nobody uses any more are removed from this machine's disk.

They are given up in the database first; what is killed in between is removed at the next look, and each machine looks
after its own disk.
"""

import logging
import shutil
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from campaigns.actor import BEAT, Cause
from campaigns.models import retention
from database.work import duties
from database.work.duties import Duty
from scoring.whole_file import remove_left, told_of
from worker import learning
from worker.clock.tick import each
from worker.tools import Tools

MINUTE = 30
"""Of each hour."""
log = logging.getLogger(__name__)


def tidy(tools: Tools, now: datetime) -> int:
    """Once an hour, and until that went well: give up what is idle for too long, and remove what was given up.

    How many folders went. Raises what `remove` does.
    """
    due = (now - timedelta(minutes=MINUTE)).replace(minute=MINUTE, second=0, microsecond=0)
    with tools.database.reading() as snapshot:
        looked = duties.looked(snapshot, Duty.REMOVE_FOLDERS)
    if now.minute != MINUTE and (looked is None or looked >= due):
        return 0
    if days := tools.settings.keep_models_days:
        with tools.database.writing() as transaction:
            retention.give_up(transaction, Cause(actor=BEAT, now=now), days=days)
    return remove(tools, now)


def remove(tools: Tools, now: datetime) -> int:
    """What trainings that are over left here: of candidates that were given up, and of those that came to nothing.

    And what any was killed over while it wrote its model. Raises NotWritten, of several at the end.
    """
    models = tools.settings.models
    if not models.is_dir():
        return 0
    with told_of(models):
        remove_left(models)
        there = [path.name for path in models.iterdir()]
    names = {name.removeprefix(".").partition(".")[0] if name.startswith(".") else name for name in there}
    with tools.database.reading() as snapshot:
        found = retention.kept(snapshot, sorted(names), now)
    return sum(each(partial(_removed, models, name, folder) for name, folder in found.items()))


def _removed(models: Path, name: str, kept: str | None) -> bool:
    place = models / name
    gone = place.exists() and (kept is None or Path(kept).name != name)
    # A disk that is only read is no trouble where nothing is to go.
    if not (gone or any(models.glob(f".{name}.*"))) or learning.under_way(place):
        return False
    with told_of(place):
        if gone:
            # Under another name first: nobody takes a half of it for the whole.
            place.rename(models / f".{name}.removed")
            log.info("%s: removed, since nobody uses it", place)
        for left in models.glob(f".{name}.*"):
            shutil.rmtree(left) if left.is_dir() else left.unlink(missing_ok=True)
    return gone
