"""A shop loaded, learned and ready to be asked: by the commands that a user would give."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from admin.running.stages import Stages
from events.formats import fitting_preset

HORIZON = timedelta(days=90)
DAYS = 540
FIRST_HOUR = timedelta(hours=1)
"""After the history's end; it has to be over, for the story asks and adds events within it."""
SEED = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstShop:
    """What was loaded and learned."""

    source: str
    as_of: datetime
    """The moment from which the shop is seen; what came after it was kept from the network."""
    imported: Mapping[str, Any]
    trained: Mapping[str, Any]
    files: tuple[Path, ...]
    """All events, before and after `as_of`: to compare with what came."""
    catalogue: tuple[Path, ...]
    """Files of items, where items have their own."""
    preset: str
    """How the files are read."""
    consented: bool
    """Whether customers were asked for their consent to be addressed."""


def load_made_shop(stages: Stages, customers: int, now: datetime, epochs: int | None = None) -> FirstShop:
    """A simulated shop whose history ends at a midnight an hour ago or more. Its future is known and kept apart."""
    folder = Path(stages.environment["TIERWISE_HOME"]) / "shop"
    start = (now - FIRST_HOUR).date() - timedelta(days=DAYS)
    with stages.stage(f"A shop of {customers:,} customers is made"):
        made = stages.tierwise(
            "simulate", "--customers", str(customers), "--seed", str(SEED), "--start", start.isoformat(),
            "--days", str(DAYS), "--out", str(folder),
        )  # fmt: skip
    with stages.stage("Its events are cleaned and stored"):
        stages.tierwise("import", "items", str(folder / "items.parquet"))
        stages.tierwise("import", "customers", str(folder / "customers.parquet"))
        imported = stages.tierwise("import", "events", str(folder / "events.parquet"))
    as_of = datetime.fromisoformat(made["as_of"])
    trained = learn(stages, as_of, epochs)
    return FirstShop(
        source="a simulated shop", as_of=as_of, imported=imported["report"], trained=trained, preset="canonical",
        files=(folder / "events.parquet", folder / "future.parquet"), consented=True,
        catalogue=(folder / "items.parquet",),
    )  # fmt: skip


def load_own_shop(stages: Stages, data: Path, epochs: int | None) -> FirstShop:
    """A shop's own file, seen from 90 days before its end, so that the end can be compared with."""
    with stages.stage(f"{data.name} is cleaned and stored"):
        fitting = fitting_preset(data)
        imported = stages.tierwise("import", "events", str(data), "--preset", fitting)["report"]
    last = datetime.fromisoformat(imported["after"]["last_time"]).astimezone(UTC)
    as_of = last.replace(hour=0, minute=0, second=0, microsecond=0) - HORIZON
    trained = learn(stages, as_of, epochs)
    return FirstShop(
        source=data.name, as_of=as_of, imported=imported, trained=trained, preset=fitting, files=(data,), catalogue=(),
        consented=False,
    )  # fmt: skip


def learn(stages: Stages, as_of: datetime, epochs: int | None) -> Mapping[str, Any]:
    """Train on everything before `as_of` and let the model answer."""
    models = Path(stages.environment["TIERWISE_HOME"]) / "models"
    most = [] if epochs is None else ["--epochs", str(epochs)]
    with stages.stage("The network learns"):
        trained: Mapping[str, Any] = stages.tierwise(
            "train", "--as-of", as_of.isoformat(), "--out", str(models / "first"), "--activate", *most
        )
    return trained
