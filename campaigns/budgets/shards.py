"""A limit divided over several rows, so that many may use it at once, and moved between them when one runs short. Pure.

Whatever is moved, the quotas add up to the limit and each covers what was used of it: so no row can pass its own guard
and all together cannot pass the limit, and nobody is refused while any row has something left.
"""

import zlib
from collections.abc import Sequence

SHARDS = 16
"""Of a hot campaign."""
HOT_FROM = 1_000
"""Redemptions; a campaign with a lower limit has one shard, for it would soon be at its last units in all of them."""


def shard_count(limit: int | None) -> int:
    """How many rows a limit on redemptions is divided over; one that has no limit may become the hottest of all."""
    return 1 if limit is not None and limit < HOT_FROM else SHARDS


def home(code: str, count: int) -> int:
    """The shard that pays for a code, of so many: always the same, and evenly spread, as codes are random."""
    return zlib.crc32(code.encode()) % count


def divided(limit: int, count: int) -> list[int]:
    """As evenly as whole numbers go, the first ones taking what is left over."""
    share, over = divmod(limit, count)
    return [share + (place < over) for place in range(count)]


def rebalanced(quotas: Sequence[int], used: Sequence[int], *, place: int, need: int) -> list[int] | None:
    """Quotas that leave at least `need` at one place and the rest evenly everywhere; None when there is not so much."""
    taken = [each + (need if at == place else 0) for at, each in enumerate(used)]
    return None if sum(taken) > sum(quotas) else spread(sum(quotas), taken)


def spread(limit: int, used: Sequence[int]) -> list[int]:
    """Quotas that add up to a limit, no less than is used, and leave what is left of it evenly everywhere."""
    shares = divided(limit - sum(used), len(used))
    return [each + share for each, share in zip(used, shares, strict=True)]
