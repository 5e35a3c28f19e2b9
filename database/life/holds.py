"""Work that stands still with its campaign, as it should."""

from datetime import datetime

from sqlalchemy import text

from database.session import Snapshot

HELD = text("""
SELECT operation_id FROM operations JOIN campaigns ON campaign_id = request ->> 'campaign_id'
WHERE operations.state = 'RUNNING' AND (
  kind IN ('LAUNCH_CAMPAIGN', 'HAND_OVER_COUPONS') AND (
    campaigns.state NOT IN ('LAUNCHING', 'ACTIVE')
    OR EXISTS (SELECT FROM stops WHERE scope IN ('-', campaign_id, series))
  ) OR kind = 'HAND_OVER_COUPONS' AND start_time > :now
)
""")


def held(snapshot: Snapshot, now: datetime) -> frozenset[str]:
    """The ids of operations whose campaign is paused or stopped, or has not begun and waits with its messages."""
    return frozenset(snapshot.scalars(HELD, {"now": now}))
