"""Who would move between tiers, for the template that shows it."""

from typing import Any

from admin.web.visit import Visit
from campaigns.tiers.tier_preview import TierPreview
from campaigns.tiers.tiers import Tier

SHADES = 4
"""Of cells from which customers move: the darker, the more."""


def migration(visit: Visit, seen: TierPreview) -> dict[str, Any]:
    """Values of `tier_preview.html`; who moves by name only for those who may look at single customers."""
    cells = {(cell.from_tier, cell.to_tier): cell for cell in seen.cells}
    rows = [(was, [cells.get((was, to.value)) for to in Tier]) for was in (*(tier.value for tier in Tier), None)]
    most = max((cell.customers for cell in seen.moving), default=1)
    return {
        "heat": {cell: 1 + cell.customers * (SHADES - 1) // most for cell in seen.moving},
        "seen": seen, "rows": rows, "tiers": list(Tier), "examples": seen.movers if visit.may("campaigns.end") else [],
    }  # fmt: skip
