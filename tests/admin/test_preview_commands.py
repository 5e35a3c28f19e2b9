"""`tierwise tier preview` and `tierwise models preview`: who would move, before anything is in force."""

from threading import Thread

import pytest
from made.campaigns import look, register_model, shadow, store_scores
from running.shell import Shell
from running.worker_processes import wait_for
from typer.testing import CliRunner

from admin.command_line import main
from campaigns.tiers import shadowing
from database.session import Database
from database.work import operations
from database.work.operations import Operation


@pytest.fixture
def tierwise(database_url: str) -> Shell:
    return Shell(database_url)


def test_a_scheme_is_previewed_before_it_is_in_force(database: Database, tierwise: Shell) -> None:
    store_scores(database, {"anna": 9000, "bert": 6000})
    options = ("--method", "ABSOLUTE", "--high", "8000", "--mid", "1000")

    seen = tierwise("tier", "preview", *options)
    made = tierwise("tier", "scheme", *options, "--no-activate")
    again = tierwise("tier", "preview", "2", "--examples", "0")
    active = tierwise("tier", "activate", "2", "--etag", made["etag"])

    assert (seen["customers"], seen["moved"], seen["moved_share"], seen["kept_for_the_grace_period"]) == (2, 1, 0.5, 1)
    assert (seen["expected_spend_moved"], seen["high_from"]) == ("60.00 GBP", 8000)
    assert seen["cells"] == again["cells"]
    assert [(cell["from"], cell["to"], cell["customers"]) for cell in seen["cells"]] == [
        ("HIGH", "HIGH", 1), ("HIGH", "MID", 1)
    ]  # fmt: skip
    assert (seen["campaigns"], again["movers"]) == ([], [])
    assert seen["movers"] == [
        {
            "customer_id": "bert", "from": "HIGH", "to": "MID", "keeps_until": "2026-12-04",
            "because": "the expected spend of 60.00 GBP lies below 72.00 GBP, which keeps HIGH",
        }
    ]  # fmt: skip
    assert (made["active"], active["active"]) == (False, True)
    assert "TIER_SCHEME_CHANGED" in tierwise.refusal("tier", "activate", "2", "--etag", made["etag"])
    assert "TIER_SCHEME_NOT_FOUND" in tierwise.refusal("tier", "preview", "9")
    assert "--method, --high and --mid" in tierwise.refusal("tier", "preview", "--high", "5")
    history = tierwise("tier", "changes", "--customer", "bert")
    assert [(row["from"], row["to"], row["value"]) for row in history] == [(None, "HIGH", 6000)]
    assert tierwise("tier", "changes", "--since", "2099-01-01") == []
    assert tierwise.refusal("tier", "changes", "--since", "2026-01-02", "--until", "2026-01-01").endswith(
        "--until 2026-01-01: give a time after --since 2026-01-02"
    )


def work_off(database: Database, spends: dict[str, int]) -> None:
    """The next preview of m2 that is begun."""
    wait_for(lambda: _running(database) is not None)
    begun = _running(database)
    assert begun is not None
    shadow(database, begun.operation_id, spends)


def _running(database: Database) -> Operation | None:
    with database.reading() as snapshot:
        return shadowing.running(snapshot, "m2")


def test_a_model_is_previewed_while_the_command_waits(database: Database, tierwise: Shell) -> None:
    store_scores(database, {"anna": 9000, "bert": 900})
    register_model(database, "m2")
    assert "MODEL_NOT_PREVIEWED" in tierwise.refusal("tier", "preview", "--model", "m2")
    begun = tierwise("models", "preview", "m2", "--no-wait")
    again = tierwise("models", "preview", "--no-wait")
    shadow(database, begun["operation_id"], {"anna": 9000, "bert": 900})
    worker = Thread(target=work_off, args=(database, {"anna": 9000, "bert": 7000}))
    worker.start()

    seen = tierwise("models", "preview", "m2")
    worker.join()

    assert begun == again
    assert (seen["model_id"], seen["moved"], seen["kept_for_the_grace_period"]) == ("m2", 1, 0)
    assert seen["cells"][1] == {
        "from": "LOW", "to": "HIGH", "customers": 1, "share": 0.5, "waiting": 0, "expected_spend_minor": 7000,
        "stored_spend_minor": 900,
    }  # fmt: skip
    assert tierwise("tier", "preview", "--model", "m2") == seen
    stricter = tierwise("tier", "preview", "--model", "m2", "--method", "ABSOLUTE", "--high", "8000", "--mid", "1000")
    assert [(cell["from"], cell["to"]) for cell in stricter["cells"]] == [("HIGH", "HIGH"), ("LOW", "MID")]
    assert "MODEL_NOT_FOUND" in tierwise.refusal("models", "preview", "m9")


def test_a_worker_keeps_a_preview_while_the_command_waits(database: Database, tierwise: Shell) -> None:
    store_scores(database, {"anna": 9000, "bert": 6000})
    tierwise("tier", "scheme", "--method", "ABSOLUTE", "--high", "8000", "--mid", "1000", "--no-activate")
    worker = Thread(target=work_off_tiers, args=(database,))
    worker.start()

    kept = tierwise("tier", "preview", "2", "--by-worker")
    worker.join()

    assert (kept["customers"], kept["moved"]) == (2, 1)
    assert kept == tierwise("tier", "preview", "2")
    assert "name it" in tierwise.refusal("tier", "preview", "--by-worker")
    assert "TIER_SCHEME_NOT_FOUND" in tierwise.refusal("tier", "preview", "9", "--by-worker")


def work_off_tiers(database: Database) -> None:
    """The next preview of tiers that is begun."""
    wait_for(lambda: _next(database) is not None)
    begun = _next(database)
    assert begun is not None
    look(database, begun)


def _next(database: Database) -> Operation | None:
    with database.reading() as snapshot:
        return operations.running(snapshot, operations.PREVIEW_TIERS)


def test_people_read_tables(database: Database, database_url: str) -> None:
    store_scores(database, {"anna": 9000, "bert": 900})
    options = ["--method", "ABSOLUTE", "--high", "800", "--mid", "100", "--database-url", database_url]

    shown = CliRunner().invoke(main, ["tier", "preview", *options]).stdout

    assert "Who would move" in shown
    rows = [line.replace("│", " ").split() for line in shown.splitlines()]
    assert ["LOW", "1", "0", "0", "1", "0"] in rows
    assert "Campaigns" not in shown
    assert "Movers" in shown
