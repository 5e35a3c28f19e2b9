"""Lists of campaigns: in order, page by page, and by their indexes."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from made.campaigns import NOW, create_campaign, make_cause, make_plan
from sqlalchemy import text

from campaigns.life import answers, approving, drafts, inbox, scheduling
from campaigns.life.approval import ApprovalPolicy
from database.life import alerts, lists
from database.life.lists import Order, Sought
from database.session import Database, Snapshot

MANY = text("""
INSERT INTO campaigns (campaign_id, display_name, state, offers, zone, start_time, end_time, currency, create_time)
SELECT 'c-' || n, 'Name ' || n % 977, CASE WHEN n % 40 = 0 THEN 'ACTIVE' ELSE 'ENDED' END, '{}', 'UTC',
  :now - make_interval(days => n % 600), :now - make_interval(days => n % 600 - 30), 'GBP',
  :now - make_interval(mins => n)
FROM generate_series(1, 8000) AS n
""")


@pytest.fixture
def many(database: Database) -> Iterator[Snapshot]:
    with database.writing() as transaction:
        transaction.execute(MANY, {"now": NOW})
        transaction.execute(text("ANALYZE campaigns"))
    with database.reading() as snapshot:
        yield snapshot


def read_scans(snapshot: Snapshot, query: str) -> str:
    return "\n".join(snapshot.scalars(text(f"EXPLAIN {query}")))


@pytest.mark.parametrize("order", list(Order))
def test_pages_follow_each_other_without_a_gap(many: Snapshot, order: Order) -> None:
    keys = {
        Order.NEWEST: lambda row: row.create_time, Order.NAME: lambda row: row.display_name,
        Order.END: lambda row: row.end_time,
    }  # fmt: skip
    sought = Sought(states=("ACTIVE",))
    whole = [row.campaign_id for row in lists.page(many, sought, order, limit=500)]
    seen: list[str] = []
    after = None
    while found := lists.page(many, sought, order, limit=70, after=after):
        seen += [row.campaign_id for row in found]
        after = (keys[order](found[-1]), found[-1].campaign_id)

    assert seen == whole
    assert len(set(whole)) == 200


def test_words_are_found_in_names_and_ids_and_mean_themselves(many: Snapshot) -> None:
    def found(words: str) -> list[str]:
        rows = lists.page(many, Sought(words=words), Order.NEWEST, limit=5)
        return [row.campaign_id for row in rows]

    assert found("C-7999") == ["c-7999"]
    assert found("name 976") == ["c-976", "c-1953", "c-2930", "c-3907", "c-4884"]
    assert found("%") == []


def test_authors_are_found_by_a_part_of_their_name(database: Database) -> None:
    for campaign_id, author in (("c-1", "anna.koch"), ("c-2", "ben")):
        with database.writing() as transaction:
            drafts.create(transaction, make_cause(name=author), campaign_id, make_plan())

    def found(author: str) -> list[str]:
        with database.reading() as snapshot:
            return [row.campaign_id for row in lists.page(snapshot, Sought(author=author), limit=5)]

    assert [found(author) for author in ("Ann", "en", "N", "anna_koch")] == [["c-1"], ["c-2"], ["c-2", "c-1"], []]


@pytest.mark.parametrize(
    ("query", "index"),
    [
        ("ORDER BY create_time DESC, campaign_id DESC LIMIT 26", "ix_campaigns_create_time_campaign_id"),
        ("ORDER BY display_name, campaign_id LIMIT 26", "ix_campaigns_display_name_campaign_id"),
        ("ORDER BY end_time, campaign_id LIMIT 26", "ix_campaigns_end_time_campaign_id"),
        ("WHERE state = 'ACTIVE' ORDER BY create_time DESC, campaign_id DESC LIMIT 26",
         "ix_campaigns_state_create_time_campaign_id"),
        ("WHERE state IN ('LAUNCHING', 'ACTIVE', 'PAUSED') ORDER BY end_time, campaign_id LIMIT 13",
         "ix_campaigns_live"),
    ],
)  # fmt: skip
def test_each_list_has_its_index(many: Snapshot, query: str, index: str) -> None:
    plan = read_scans(many, f"SELECT * FROM campaigns {query}")

    assert f"using {index}" in plan
    assert "Seq Scan" not in plan


def test_alerts_look_at_live_campaigns_alone(many: Snapshot) -> None:
    for query, values in (
        (alerts.TIGHT, {"share": "0.9", "limit": "20"}),
        (alerts.UNEVEN, {"limit": "20"}),
        (alerts.STUCK, {"silent": "now()", "limit": "20"}),
    ):
        sql = query.text
        for name, value in values.items():
            sql = sql.replace(f":{name}", value)
        assert "Seq Scan on campaigns" not in read_scans(many, sql)


def test_what_one_wrote_or_decided_does_not_wait_for_one(database: Database) -> None:
    now = datetime.now(UTC)
    policy = ApprovalPolicy(approvals=2)
    for name in ("spring", "summer"):
        create_campaign(database, name, end_time=now + timedelta(days=9))
        with database.writing() as transaction:
            approving.submit(transaction, make_cause(), name, policy)
    with database.writing() as transaction:
        approving.approve(transaction, make_cause(name="bo"), "spring", policy, version=1)

    def waiting(name: str) -> list[str]:
        with database.reading() as snapshot:
            return [each.campaign.campaign_id for each in inbox.waiting(snapshot, name, limit=9)]

    assert (waiting("anna"), waiting("bo"), waiting("cleo")) == ([], ["summer"], ["spring", "summer"])
    assert (waiting("Anna"), waiting("BO")) == ([], ["summer"]), "case makes no second person"


def test_answers_are_for_those_who_asked(database: Database) -> None:
    now = datetime.now(UTC)
    for name in ("autumn", "spring", "summer"):
        create_campaign(database, name, end_time=now + timedelta(days=9))
        with database.writing() as transaction:
            approving.submit(transaction, make_cause(), name, ApprovalPolicy())
            if name == "spring":
                approving.reject(transaction, make_cause(name="bo", reason="too dear"), name, version=1)
            else:
                approving.approve(transaction, make_cause(name="bo"), name, ApprovalPolicy(), version=1)
    with database.writing() as transaction:
        scheduling.schedule(transaction, make_cause(), "summer")

    def told(name: str, later: timedelta = timedelta()) -> tuple[list[str], list[str]]:
        with database.reading() as snapshot:
            back = [
                f"{each.campaign.campaign_id}: {each.comment}" for each in answers.rejected(snapshot, name, limit=9)
            ]
            agreed = answers.to_launch(snapshot, name, now + later, limit=9)
            return back, [each.campaign.campaign_id for each in agreed]

    assert (told("Anna"), told("bo")) == ((["spring: too dear"], ["autumn"]), ([], []))
    assert told("anna", timedelta(days=9)) == (["spring: too dear"], [])
    with database.writing() as transaction:
        drafts.update(transaction, make_cause(), "spring", lambda plan: replace(plan, display_name="Cheaper"))
    assert told("anna") == ([], ["autumn"])
