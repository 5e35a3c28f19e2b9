"""What an erasure does to each column: a new one stands in no list, and a test fails until somebody thought of it."""

from collections.abc import Mapping

from sqlalchemy import Column

from database import erasure
from database.every_table import METADATA

NOBODY: Mapping[str, str] = {
    "api_keys": "key_id name role secret_hash create_time expire_time revoke_time last_use_time",
    "approvals": "campaign_id version approver verdict create_time",
    "attempts": "operation_id done_count turn count",
    "audiences": "campaign_id tier tier_scheme model_id purchase_90 spend_minor arm channel channel_reason",
    "audit_checkpoints": "seq hash time",
    "audit_log": "audit_id time actor action object_version outcome request_id transaction_id",
    "audit_seals": "seq audit_id prev_hash hash",
    "availability": "item_id available revision change_time",
    "by_hand_coupons": "campaign_id code",
    "budget_shards": (
        "campaign_id shard quota_count quota_minor reserved_count reserved_minor spent_count spent_minor"
    ),
    "canary_accuracy": (
        "model_id number horizon said_by customers bought predicted auc auc_low auc_high calibration_error"
    ),
    "canary_readings": (
        "model_id number day metric customers active_customers mean active_mean difference low high lift p_value "
        "verdict"
    ),
    "canary_runs": (
        "model_id number against share smallest_share largest_share currency begin_time end_time fault why"
    ),
    "campaign_versions": "campaign_id version plan authors segments rule_authors tier_scheme create_time",
    "campaigns": (
        "campaign_id state offers zone start_time end_time redemption_limit rule holdout_percent "
        "channel_choice offer_caps excluded_campaigns audience_limit priority exclusivity_group alone arms "
        "margin_percent launch_time activate_time version held_out_count issued_count collision_count "
        "budget_minor budget_confidence refund_gives_code_back over_budget_count currency revision "
        "create_time update_time recurrence series series_version due_time budget_share frozen_from "
        "finish_time ran_to_its_end proposed_version by_hand_count"
    ),
    "counted_campaigns": "campaign_id count_time settled spent_count spent_minor used_until count_seconds",
    "counted_days": (
        "campaign_id day tier channel arm issued_count redeemed_count given_back_count order_minor discount_minor "
        "refunded_minor"
    ),
    "counted_groups": (
        "campaign_id tier channel arm customers issued_count buyers held_count redeemed_count given_back_count "
        "open_count discount_minor spend_minor used_count used_buyers used_spend_minor"
    ),
    "counted_messages": "day event_type channel messages customers",
    "coupons": "code campaign_id tier channel discount state issue_time close_time",
    "drift_readings": "model_id day feature stability",
    "explanation_readings": "model_id day customers left_out gradients",
    "erased_customers": "id_hash time",
    "erasure_key": "key",
    "forecasts": ("campaign_id tier quantity value low high raw actual actual_error teaches create_time close_time"),
    "guesses": "caller paid_until",
    "imports": "import_id kind file_name state report create_time finish_time",
    "items": "item_id title category brand unit_price_minor currency update_time",
    "ledger": "key number kind time campaign_id shard code reserved_count reserved_minor spent_count spent_minor",
    "liability_readings": (
        "campaign_id day time coupons expected_minor deviation_minor most_minor used_minor overspend"
    ),
    "message_counts": "campaign_id channel state hour count",
    "messages": "campaign_id channel state note batch claim_time settle_time",
    "model_readings": "month model_id horizon bin customers predicted bought squared_error",
    "models": (
        "model_id folder manifest state canary_share predecessor revision create_time activate_time move_time "
        "give_up_time"
    ),
    "operations": (
        "operation_id kind state done_count total_count cancel_requested create_time update_time revive_time turn"
    ),
    "duties": "duty well_time error why",
    "outbox": "outbox_id task create_time claim_time",
    "reconciliations": "operation_id campaign_id time figures differences",
    "redemptions": (
        "redemption_id code campaign_id order_minor discount_minor currency redeem_time reservation_id shard "
        "refunded_minor given_back"
    ),
    "rejected_rows": "import_id row_number reason",
    "report_settings": "singleton key minimum_group currency update_time",
    "report_views": "name fingerprint definition stored as_of refresh_seconds attempt_time due_time error",
    "requests": "method request_id body_hash create_time",
    "reservations": (
        "reservation_id code campaign_id order_minor discount_minor currency shard state reserve_time expire_time "
        "place_of"
    ),
    "result_readings": (
        "campaign_id day arm metric customers holdout_customers mean holdout_mean difference low high lift "
        "lift_low lift_high p_value verdict mismatch"
    ),
    "schedule_ticks": "schedule due_time outcome tick_time",
    "segments": (
        "segment_id rule revision rule_revision build started_build operation_id built_revision member_count "
        "build_seconds built_at create_time update_time"
    ),
    "segment_rules": "segment_id rule_revision author create_time",
    "shadow_comparisons": (
        "model_id against currency count purchase_difference spend_difference_minor joint failed_count "
        "skipped_count begin_time update_time"
    ),
    "slice_readings": "month model_id horizon kind name bin customers predicted bought",
    "staff": "name role password_hash active failed_count locked_until create_time update_time",
    "staff_browsers": "token_hash name failed_count locked_until expire_time",
    "staff_sessions": "token_hash name create_time expire_time",
    "staff_identities": "identity name create_time",
    "stops": "scope stopped_by stop_time",
    "uncounted_messages": "number day event_type channel messages customers",
    "uplifts": (
        "campaign_id model learner reason customers effect effect_low effect_high qini qini_low qini_high create_time"
    ),
    "withdrawn_coupons": "campaign_id code",
    "tier_schemes": "version measure method parameters thresholds margin grace_days active revision create_time",
}
"""Our own words, keys, hashes, figures and times, and those of the staff and of the catalogue: no customer's id."""
SUBJECTS = {("audit_log", name) for name in ("object_name", "before", "after", "basis")}
"""Of the log that cannot be changed: `campaigns.trail` lets no customer's name in."""
WRITTEN = {
    ("approvals", "comment"), ("audit_log", "reason"), ("stops", "reason"), ("campaigns", "display_name"),
    ("segments", "display_name"),
}  # fmt: skip
"""What the staff write. The limit is on record in decision 23."""


def unclassified() -> list[str]:
    """Columns of which nobody said what an erasure does to them."""
    treated = {(row.__tablename__, "customer_id") for row in erasure.BOOKS}
    treated |= {
        (str(each.class_.__tablename__), each.key) for each in erasure.ORDERS + erasure.TRACES + erasure.CLEARED
    }
    nobody = {(table, column) for table, columns in NOBODY.items() for column in columns.split()}
    known = treated | nobody | SUBJECTS | WRITTEN
    return [f"{table}.{column.name}" for table, column in columns() if (table, column.name) not in known]


def columns() -> list[tuple[str, "Column[object]"]]:
    """Of every table whose rows stay."""
    gone = {row.__tablename__ for row in erasure.GONE + erasure.FORGOTTEN_LAST}
    return [
        (table.name, column) for table in METADATA.sorted_tables if table.name not in gone for column in table.columns
    ]
