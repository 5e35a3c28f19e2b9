"""The views of analysts: documented, as their files say, read by a role that reads nothing else, and without people."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta

import psycopg
import pytest
from psycopg import errors
from shops.reporting_shop import CROWD, LATER, ask, keep_fresh, members

from database import erasure
from database.migrate import has_analyst, migrate
from database.reporting import views as report_views
from database.reporting.analyst import NoAnalyst, become_analyst
from database.reporting.views import PromiseBroken, ReportView, differences, install, views
from database.session import Database

Connection = psycopg.Connection[tuple[object, ...]]

OF_CAMPAIGNS = ("campaigns", "budgets", "liability")


@pytest.fixture
def owner(database_url: str) -> Iterator[Connection]:
    with psycopg.connect(database_url) as connection:
        yield connection


@pytest.fixture
def changed(monkeypatch: pytest.MonkeyPatch) -> "Changed":
    return Changed(monkeypatch)


class Changed:
    """Lets the files say something else."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._monkeypatch = monkeypatch

    def __call__(self, name: str, old: str, new: str) -> None:
        edited = [replace(each, text=each.text.replace(old, new)) if each.name == name else each for each in views()]
        assert tuple(edited) != views()
        self.files(tuple(edited))

    def files(self, files: tuple[ReportView, ...]) -> None:
        self._monkeypatch.setattr(report_views, "views", lambda: files)


def columns(connection: Connection, view: str) -> list[object]:
    found = connection.execute("SELECT name FROM reporting.columns WHERE view = %s ORDER BY position", (view,))
    return [name for (name,) in found]


def test_every_view_and_column_says_what_it_means(owner: Connection) -> None:
    described = owner.execute("SELECT view, version, description FROM reporting.versions").fetchall()
    known = owner.execute("SELECT view, name, description FROM reporting.columns").fetchall()

    assert {view for view, *_ in described} == {view.name for view in views()}
    assert [view for view, version, description in described if not (version and description)] == []
    assert [(view, name) for view, name, description in known if not description] == []


def test_money_says_its_unit_and_its_currency(owner: Connection) -> None:
    money = owner.execute(
        "SELECT view, name, description FROM reporting.columns WHERE name LIKE '%\\_minor'"
    ).fetchall()

    assert len(money) > 20
    assert [name for name in money if "minor units of currency" not in str(name[2]).lower()] == []
    assert [view for view, *_ in money if "currency" not in columns(owner, str(view))] == []


def test_what_is_kept_says_how_old_it_is(owner: Connection) -> None:
    stored = owner.execute("SELECT view FROM reporting.versions WHERE stored").fetchall()

    assert len(stored) == 5
    assert [view for (view,) in stored if "as_of" not in columns(owner, str(view))] == []


def test_the_database_says_what_the_files_say(owner: Connection) -> None:
    assert differences(owner) == []
    assert install(owner) == []


def test_what_a_hand_changed_is_found_and_set_right(owner: Connection) -> None:
    owner.execute("COMMENT ON COLUMN reporting.campaigns.state IS 'whatever'")
    owner.execute("DROP VIEW reporting.models")

    assert differences(owner) == ["campaigns", "models"]
    assert install(owner) == ["campaigns", "models"]
    assert differences(owner) == []
    assert "state" in columns(owner, "campaigns")


def test_a_view_gets_columns_at_its_end(owner: Connection, changed: Changed) -> None:
    changed("campaigns", "AS by_hand_discount_minor\nFROM", "AS by_hand_discount_minor,\n  priority\nFROM")

    assert install(owner) == ["campaigns"]

    assert columns(owner, "campaigns")[-2:] == ["by_hand_discount_minor", "priority"]
    granted = owner.execute(
        "SELECT has_table_privilege('tierwise_analyst', 'reporting.campaigns', 'SELECT')"
    ).fetchone()
    assert granted == (True,)


@pytest.mark.parametrize(
    ("view", "old", "new"),
    [("campaigns", "  zone,\n", ""), ("reconciliations", "SELECT campaign_id, ", "SELECT campaign_id AS campaign, ")],
)
def test_a_column_is_never_taken_away_or_renamed(
    owner: Connection, changed: Changed, view: str, old: str, new: str
) -> None:
    changed(view, old, new)

    with pytest.raises(PromiseBroken, match=f"database/reporting/sql/{view}.sql: .*view of its own: {view}_v2"):
        install(owner)


def test_rows_that_are_kept_are_made_beside_the_old_ones(
    shop_of_reports: Database, shop_url: str, changed: Changed
) -> None:
    changed("tiers", "avg(nullif(churn, 'NaN')) AS churn", "max(nullif(churn, 'NaN')) AS churn")
    with psycopg.connect(shop_url) as owner:
        assert install(owner) == ["tiers"]

        kept = owner.execute("SELECT count(*) FROM pg_matviews WHERE matviewname LIKE 'tiers\\_%'").fetchone()
        assert kept == (1,)

    assert ask(shop_url, "SELECT count(*) FROM reporting.tiers") == [(3,)]
    keep_fresh(shop_of_reports, LATER + timedelta(days=3650))
    assert ask(shop_url, "SELECT failed_time FROM reporting.versions WHERE view = 'tiers'") == [(None,)]


def test_a_view_without_a_file_goes(owner: Connection, changed: Changed) -> None:
    changed.files(tuple(view for view in views() if view.name != "tiers"))

    assert install(owner) == ["tiers"]

    assert columns(owner, "tiers") == []


def test_an_analyst_reads_this_schema_and_nothing_else(owner: Connection) -> None:
    readable = owner.execute(
        """SELECT relnamespace::regnamespace::text, relname FROM pg_class
        WHERE relkind IN ('r', 'v', 'm', 'p', 'S', 'f') AND relnamespace::regnamespace::text NOT LIKE 'pg\\_%'
          AND relnamespace::regnamespace::text <> 'information_schema'
          AND has_schema_privilege('tierwise_analyst', relnamespace, 'USAGE')
          AND has_any_column_privilege('tierwise_analyst', pg_class.oid, 'SELECT, INSERT, UPDATE')"""
    ).fetchall()
    assert sorted(readable) == sorted(("reporting", view.name) for view in views())

    owner.execute("SET ROLE tierwise_analyst")
    for statement in (
        "SELECT customer_id FROM customers", "SELECT key FROM report_settings", "SELECT * FROM reporting_store.nothing",
        "UPDATE coupons SET state = 'ISSUED'", "CREATE VIEW reporting.mine AS SELECT 1",
        "SELECT refresh_report('tiers', now())", "CREATE TABLE mine ()",
    ):  # fmt: skip
        with pytest.raises(errors.InsufficientPrivilege), owner.transaction():
            owner.execute(statement.encode())


def test_nobody_is_named(reported_url: str) -> None:
    names = re.compile(r"\b(" + "|".join([*CROWD, "anna", "bo"]) + r")\b")

    for view in views():
        content = ask(reported_url, f"SELECT string_agg(shown::text, ' ') FROM reporting.{view.name} AS shown")[0][0]
        assert names.search(content or "") is None, view.name


def test_a_customer_has_one_pseudonym_everywhere_which_the_key_makes(reported_url: str) -> None:
    with psycopg.connect(reported_url) as connection:
        pseudonym = connection.execute("SELECT left(encode(sha256(sha256('pepper') || 'c000'), 'hex'), 32)").fetchone()
    assert pseudonym is not None

    for view, rows in {"customers": 1, "scores": 1, "score_history": 2, "tier_changes": 1}.items():
        found = ask(reported_url, f"SELECT count(*) FROM reporting.{view} WHERE customer = '{pseudonym[0]}'")
        assert found == [(rows,)]


def test_small_groups_are_left_out(shop_of_reports: Database, shop_url: str) -> None:
    sizes: Mapping[int, tuple[int, ...]] = {
        1: (3, 4, 7, 3, 8),
        13: (3, 3, 4, 2, 8),
        31: (2, 2, 1, 0, 5),
        121: (0, 0, 0, 0, 0),
    }

    for hours, (minimum, rows) in enumerate(sizes.items()):
        keep_fresh(shop_of_reports, LATER + timedelta(hours=hours), minimum=minimum)
        found = [
            ask(shop_url, f"SELECT count(*) FROM reporting.{view}")[0][0]
            for view in ("tiers", "tier_migrations", "coupon_funnel", "messages", "forecasts")
        ]
        assert tuple(found) == rows, minimum
    whole = [ask(shop_url, f"SELECT count(DISTINCT campaign_id) FROM reporting.{view}")[0][0] for view in OF_CAMPAIGNS]
    assert whole == [3, 2, 2], "money adds up over all campaigns, however small"


def test_an_erased_customer_leaves_the_views(shop_of_reports: Database, shop_url: str) -> None:
    erased = members(shop_of_reports, "spring", "strong", "HIGH")[0]
    before = ask(shop_url, "SELECT sum(redeemed_count), sum(discount_minor) FROM reporting.campaign_performance")

    with shop_of_reports.writing() as transaction:
        erasure.erase(transaction, erased, pseudonym="erased-1", now=LATER)
    keep_fresh(shop_of_reports, LATER + timedelta(hours=2))

    counts = [
        ask(shop_url, f"SELECT count(*) FROM reporting.{view}") for view in ("customers", "scores", "score_history")
    ]
    assert counts == [[(119,)], [(119,)], [(238,)]]
    after = ask(shop_url, "SELECT sum(redeemed_count), sum(discount_minor) FROM reporting.campaign_performance")
    assert after == before


def test_an_owner_who_may_not_make_roles_migrates_all_the_same(owner: Connection, database_url: str) -> None:
    owner.autocommit = True
    owner.execute("ALTER ROLE tierwise_analyst RENAME TO hidden_analyst")
    try:
        owner.execute("CREATE ROLE landlord LOGIN")
        owner.execute("CREATE DATABASE rented OWNER landlord")
        rented = database_url.replace("tierwise@", "landlord@").rpartition("/")[0] + "/rented"
        migrate(rented)
        assert not has_analyst(rented)
        without = Database.at(rented)
        with without.reading() as snapshot, pytest.raises(NoAnalyst, match="there is no role tierwise_analyst"):
            become_analyst(snapshot)
        without.close()
    finally:
        owner.execute("ALTER ROLE hidden_analyst RENAME TO tierwise_analyst")
    migrate(rented)
    with psycopg.connect(rented) as connection:
        connection.execute("SELECT 1 FROM reporting.tiers")
        granted = connection.execute(
            "SELECT has_table_privilege('tierwise_analyst', 'reporting.tiers', 'SELECT')"
        ).fetchone()
    owner.execute("DROP DATABASE rented")
    owner.execute("DROP ROLE landlord")
    assert granted == (True,)
