"""A training for a worker: `python -m worker.trainer FOLDER REQUEST`.

It ends with the process that started it, and goes on from its checkpoints when it is started again.
"""

import json
import logging
import sys
import time
from dataclasses import fields, replace
from functools import partial
from pathlib import Path

from campaigns.models.retraining import Retraining
from database.events.items import read_items
from database.events.store import read_events
from database.session import Database
from scoring.score import ModelRejected
from scoring.threads import limit_threads
from scoring.whole_file import NotWritten
from settings import settings
from training.configuration import Configuration
from training.course import HistoryTooShort, Training
from training.fit import train
from training.provenance import SeveralCurrencies
from worker.hanging import end_when_idle
from worker.learning import refuse, refused

TOLD = (HistoryTooShort, ModelRejected, SeveralCurrencies)
"""In our own words, which whoever asks may read."""
ROOM_SECONDS = 60.0
"""Between two looks whether a full disk has room again."""
IDLE_SECONDS = 900.0
"""Without any use of the processor, after which it hangs: on a database that is frozen, or in a library."""
log = logging.getLogger("worker.trainer")


def main(arguments: list[str]) -> int:
    """Train what the arguments pin; the exit status."""
    logging.basicConfig(level=logging.INFO)
    folder, pinned = Path(arguments[0]), Retraining.of(json.loads(arguments[1]))
    try:
        while not _learned(folder, pinned):
            time.sleep(ROOM_SECONDS)
    except TOLD as refusal:
        refuse(folder, pinned, str(refusal))
        return 1
    except ValueError as error:
        # It would come again with each start, and whose words it has is not known: they may name customers.
        log.exception("%s: its training is given up", folder.name)
        refuse(folder, pinned, f"{type(error).__name__}; the worker's log says more, by the name {folder.name}")
        return 1
    return 0


def _learned(folder: Path, pinned: Retraining) -> bool:
    """False where the disk has no room: that is no fault of the training, which goes on from its last epoch."""
    try:
        _learn(folder, pinned)
    except NotWritten as error:
        if not error.for_want_of_room:
            raise
        log.warning("%s: its training waits: %s", folder.name, error)
        return False
    return True


def _learn(folder: Path, pinned: Retraining) -> None:
    limit_threads()
    read = settings()
    assert read.database_url is not None
    database = Database.at(read.database_url.get_secret_value(), statement_timeout_ms=0)
    with database.reading() as snapshot:
        events, items = read_events(snapshot), read_items(snapshot)
    database.close()
    training = Training(
        events=events, items=items, as_of=pinned.as_of, configuration=_configuration(pinned), device=read.device,
        progress=partial(_goes_on, folder, pinned),
    )  # fmt: skip
    train(training, folder)


def _goes_on(folder: Path, pinned: Retraining, stage: str, done: int, total: int) -> None:
    """Raises ModelRejected where nobody wants the model any more."""
    log.info("%s: %d of %d", stage, done, total)
    if (reason := refused(folder, pinned)) is not None:
        raise ModelRejected(reason)


def _configuration(pinned: Retraining) -> Configuration:
    """Without vectors of texts and pictures, which need encoders that are not at hand here.

    What another version of the code could choose, and this one cannot, is left out: else a shop whose model is older
    than the code would get no candidate.
    """
    known = {field.name for field in fields(Configuration)}
    chosen = {name: value for name, value in (pinned.configuration or {}).items() if name in known}
    return replace(Configuration.from_json(chosen), item_encoders=None)


if __name__ == "__main__":
    end_when_idle(IDLE_SECONDS)
    sys.exit(main(sys.argv[1:]))
