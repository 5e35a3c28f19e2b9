"""What campaigns have used by their counters, for statements that ask it of several campaigns.

Rows of `database.budgets.tables.BudgetShardRow`, whose room is higher.
"""

USED = """
SELECT coalesce(sum(spent_count), 0)::bigint AS spent_count, coalesce(sum(spent_minor), 0)::bigint AS spent_minor,
  coalesce(sum(reserved_count), 0)::bigint AS reserved_count, coalesce(sum(reserved_minor), 0)::bigint AS reserved_minor
FROM budget_shards WHERE budget_shards.campaign_id = campaigns.campaign_id
"""
"""One row, beside `campaigns`; what a lapsed reservation held still counts."""
