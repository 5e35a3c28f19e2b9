"""Who would move between tiers if a scheme or a model were in force: seen before it is, and nothing is written."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from campaigns.tiers import shadowing
from campaigns.tiers.placing import bounds_in, placing_of
from campaigns.tiers.refusals import CustomersNotScored
from campaigns.tiers.rescoring import Rescoring
from campaigns.tiers.standing import Placement, Standing, next_standing
from campaigns.tiers.tiers import Levels, Tier, TierScheme
from database.session import Snapshot
from database.tiers import previews
from database.tiers.previews import Cell, Holders, Latest
from database.tiers.standings import Placing


@dataclass(frozen=True, slots=True, kw_only=True)
class Mover:
    """A customer who would settle in another tier."""

    customer_id: str
    from_tier: Tier
    to_tier: Tier
    value: float
    """What the scheme measures of the customer: a probability, or minor units."""
    stored_value: float
    """The same by the stored score; another one where a model is previewed."""
    placement: Placement
    """What the next rescoring would say, and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TierPreview:
    """The migration matrix, what it means for live campaigns, and some of those who would move.

    Everyone is counted where they would settle: who is kept for the grace period only is counted as gone, and apart.
    """

    scheme: TierScheme
    """With the thresholds that its shares come to."""
    model_id: str
    """Whose scores were looked at."""
    as_of: datetime
    """What the scores are as of."""
    currency: str
    cells: Sequence[Cell]
    """From the highest tier to the lowest, new customers last; empty cells are left out."""
    holders: Sequence[Holders]
    movers: Sequence[Mover]

    @property
    def customer_count(self) -> int:
        """Everybody with a score."""
        return sum(cell.customers for cell in self.cells)

    @property
    def moving(self) -> list[Cell]:
        """The cells of customers who have a tier and would settle in another one."""
        return [cell for cell in self.cells if cell.from_tier is not None and cell.from_tier != cell.to_tier]

    @property
    def moved_count(self) -> int:
        """Customers who would settle in another tier."""
        return sum(cell.customers for cell in self.moving)

    @property
    def waiting_count(self) -> int:
        """Of them, those who keep their tier for the grace period."""
        return sum(cell.waiting for cell in self.moving)

    @property
    def moved_spend_minor(self) -> int:
        """What those who would move are expected to spend, by the scores that were looked at."""
        return sum(cell.spend_minor for cell in self.moving)


def preview(
    snapshot: Snapshot, scheme: TierScheme, *, model_id: str | None = None, now: datetime, size: int, seed: int = 0
) -> TierPreview:
    """What the last rescoring would have made of everybody by this scheme, with up to `size` of those who would move.

    By the model that made the stored scores, or by one whose shadow scores are there. Raises CustomersNotScored, and as
    `shadowing.finished` does.
    """
    run = None if model_id is None else shadowing.finished(snapshot, model_id)
    latest = previews.latest(snapshot)
    if latest is None:
        raise CustomersNotScored("no customer has a score: run ScoreAllCustomers first")
    if model_id is None or run is None:
        return _seen(
            snapshot, scheme, placing_of(snapshot, scheme, latest.as_of), latest, now=now, size=size, seed=seed
        )
    as_of = Rescoring.of(run.request).as_of
    placing = placing_of(snapshot, scheme, as_of, shadow=run.operation_id)
    shown = replace(latest, model_id=model_id, as_of=as_of)
    return _seen(snapshot, scheme, placing, shown, now=now, size=size, seed=seed)


def _seen(
    snapshot: Snapshot, scheme: TierScheme, placing: Placing, latest: Latest, *, now: datetime, size: int, seed: int
) -> TierPreview:
    found = previews.movers(snapshot, placing, size=size, seed=seed)
    return TierPreview(
        scheme=replace(scheme, thresholds=Levels(high=placing.high, mid=placing.mid)), model_id=latest.model_id,
        as_of=latest.as_of, currency=latest.currency,
        cells=sorted(previews.cells(snapshot, placing), key=_from_top),
        holders=previews.holders(snapshot, placing, now),
        movers=[_mover(mover, placing) for mover in found],
    )  # fmt: skip


def _mover(mover: previews.Mover, placing: Placing) -> Mover:
    had = Standing.of(mover.had)
    return Mover(
        customer_id=mover.customer_id, from_tier=had.tier, to_tier=Tier(mover.to_tier), value=mover.value,
        stored_value=mover.stored_value,
        placement=next_standing(had, mover.value, bounds_in(placing), placing.now),
    )  # fmt: skip


def _from_top(cell: Cell) -> tuple[int, int]:
    return (0 if cell.from_tier is None else -Tier(cell.from_tier).rank, -Tier(cell.to_tier).rank)
