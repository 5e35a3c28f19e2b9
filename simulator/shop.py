"""What is simulated: the size, the dates and the policies of one shop."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from events.currency import codes

HORIZON_DAYS = 90
"""Length of the window after `as_of` for which the truth is stated."""
LARGEST_BLOCK = 50_000


class ShopNotPossible(ValueError):
    """A field of the shop has a value that cannot be simulated; the message names the field and the way out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shop:
    """One simulated shop: equal values give equal data, on any machine and in any order of blocks."""

    customers: int
    seed: int
    start: datetime = datetime(2024, 1, 1, tzinfo=UTC)
    """Midnight UTC of the first day."""
    days: int = 540
    """Length of the history; `as_of` is the first moment after it."""
    items: int = 1200
    currency: str = "GBP"
    block_size: int = 5_000
    """Customers simulated together, which bounds the memory; another value gives another shop."""
    campaign_every_days: int = 28
    """Days between two coupon campaigns."""
    coupon_share: float = 0.3
    """Part of the customers who agreed to be addressed that each campaign gives a coupon, at random."""
    message_every_days: int = 14
    message_share: float = 0.5
    """Part of the same customers that gets each newsletter, at random."""
    trial_share: float = 0.0
    """Part of all customers that gets one more coupon at `as_of`, at random: an A/B test of the future."""

    def __post_init__(self) -> None:
        for name, low, high in WHOLE_NUMBERS:
            _require(low <= getattr(self, name) <= high, name, f"must be between {low:,} and {high:,}", self)
        for name in ("coupon_share", "message_share", "trial_share"):
            _require(0 <= getattr(self, name) <= 1, name, "must be between 0 and 1", self)
        _require(self.currency in codes(), "currency", "must be an ISO 4217 code", self)
        zoned = self.start.tzinfo is not None and self.start.utcoffset() == timedelta(0)
        midnight = (self.start.hour, self.start.minute, self.start.second, self.start.microsecond) == (0, 0, 0, 0)
        _require(zoned and midnight, "start", "must be midnight in UTC, such as datetime(2024, 1, 1, tzinfo=UTC)", self)

    @property
    def as_of(self) -> datetime:
        """The cut-off: everything in the history happened before it, everything in the future at or after it."""
        return self.start + timedelta(days=self.days)

    @property
    def blocks(self) -> int:
        """Number of blocks of customers."""
        return -(-self.customers // self.block_size)

    def customers_in(self, block: int) -> range:
        """The numbers of the customers of one block.

        Raises:
            IndexError: If there is no such block.
        """
        if not 0 <= block < self.blocks:
            raise IndexError(f"block {block} is not among the {self.blocks} blocks of this shop")
        first = block * self.block_size
        return range(first, min(first + self.block_size, self.customers))


WHOLE_NUMBERS = (
    ("customers", 1, 100_000_000),
    ("seed", 0, 2**63 - 1),
    ("days", 30, 3_650),
    ("items", 50, 100_000),
    ("block_size", 1, LARGEST_BLOCK),
    ("campaign_every_days", 1, 3_650),
    ("message_every_days", 1, 3_650),
)


def _require(holds: bool, field: str, rule: str, shop: Shop) -> None:  # noqa: FBT001 - the assertion's own condition
    if not holds:
        raise ShopNotPossible(f"{field} {rule}, and is {getattr(shop, field)!r}")
