"""`tierwise models move|rollback|show`: a model's way to answering, and back."""

from pathlib import Path

from made.campaigns import NOW, add_model, audit_lines, make_score, prove, register_model
from networks.tiny_model import write_tiny_model
from running.shell import Shell

from campaigns.models.comparison import sums_of
from database.audit import log
from database.audit.log import ALL
from database.models import shadow_comparisons
from database.session import Database
from scoring import adapters
from scoring.adapters import Adapter, Method


def test_a_model_is_moved_shown_and_taken_back(database: Database, database_url: str) -> None:
    tierwise = Shell(database_url)
    add_model(database, "m1")
    register_model(database, "m2")
    prove(database, "m2")
    pair = make_score("c1", purchase_90=0.25), make_score("c1", purchase_90=0.5, spend_minor=1200, model_id="m2")
    with database.writing() as transaction:
        shadow_comparisons.add(transaction, "m2", "m1", "GBP", sums_of([pair], failed=2), NOW)

    canary = tierwise("models", "move", "m2", "canary", "--canary-share", "0.1", "--reason", "a tenth first")
    shown = tierwise("models", "show", "m2")
    active = tierwise("models", "move", "m2", "active", "--etag", canary["etag"])
    back = tierwise("models", "rollback", "--reason", "complaints")

    assert (canary["state"], canary["canary_share"], active["state"]) == ("CANARY", 0.1, "ACTIVE")
    assert (shown["shadow_of"], shown["answers"], shown["purchase_difference"]) == ("m1", 1, 0.25)
    assert (shown["spend_difference"], shown["failed"], shown["rank_correlation"]) == ("2.00 GBP", 2, None)
    assert (back["model_id"], back["state"]) == ("m1", "ACTIVE")
    assert "NO_EARLIER_MODEL" in tierwise.refusal("models", "rollback")
    assert "INVALID_STAGE" in tierwise.refusal("models", "move", "m2", "canary")
    assert "PERMISSION_DENIED" in tierwise.refusal("--as", "anna:marketer", "models", "move", "m2", "retired")


def test_a_model_whose_folder_is_gone_or_holds_another_one_is_not_let_answer(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    tierwise = Shell(database_url)
    folders = {model_id: write_tiny_model(tmp_path, model_id) for model_id in ("m1", "m2", "m3")}
    for model_id in ("m1", "m2"):
        add_model(database, model_id, str(folders[model_id]))
    (folders["m1"] / "weights.safetensors").unlink()
    register_model(database, "m4", str(folders["m3"]))
    prove(database, "m4")
    register_model(database, "elsewhere", "/on/another/machine/elsewhere")
    prove(database, "elsewhere")

    assert "MODEL_UNUSABLE: models/m1 cannot answer" in tierwise.refusal("models", "rollback")
    assert "weights.safetensors is missing" in tierwise.refusal("models", "activate", "m1")
    assert "holds m3, not m4" in tierwise.refusal("models", "move", "m4", "canary", "--canary-share", "0.1")
    assert tierwise("models", "move", "m4", "retired")["state"] == "RETIRED"
    assert tierwise("models", "activate", "elsewhere")["state"] == "ACTIVE"
    assert ("models.rollBack", "models/m2", "DENIED") in audit_lines(database)


def test_a_model_without_the_adapters_of_the_one_that_answers_is_let_answer_on_purpose_only(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    tierwise = Shell(database_url)
    for model_id in ("m1", "m2"):
        add_model(database, model_id, str(write_tiny_model(tmp_path, model_id)))
    for market in ("fr", "de"):
        adapter = Adapter(market=market, method=Method.LORA, base="m2", tensors={})
        written = adapters.write(adapter, tmp_path / "m2" / "adapters" / f"{market}.safetensors")
    refused = "MARKETS_LOST: models/m1 has no adapter of de, fr, and the model that answers has"

    assert refused in tierwise.refusal("models", "activate", "m1")
    assert refused in tierwise.refusal("models", "move", "m1", "canary", "--canary-share", "0.1")
    assert tierwise("models", "move", "m1", "shadow")["state"] == "SHADOW"
    assert tierwise("models", "activate", "m1", "--drop-markets")["state"] == "ACTIVE"
    with database.reading() as snapshot:
        assert log.page(snapshot, ALL, limit=1)[0].after == {"state": "ACTIVE", "dropped_markets": "de, fr"}
        (tmp_path / "m1" / "adapters").mkdir()
        (tmp_path / "m1" / "adapters" / "es.safetensors").touch()
    whole = written.read_bytes()
    written.write_bytes(whole[:40])
    assert "de.safetensors is not an adapter; copy it again" in tierwise.refusal("models", "rollback")
    written.write_bytes(whole)
    assert tierwise("models", "rollback")["model_id"] == "m2"
    with database.reading() as snapshot:
        assert log.page(snapshot, ALL, limit=1)[0].after == {"active": "m2", "dropped_markets": "es"}


def test_a_model_that_was_moved_lies_elsewhere_once_that_is_said(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    tierwise = Shell(database_url)
    first = write_tiny_model(tmp_path, "m1")
    tierwise("models", "register", str(first))
    tierwise("models", "activate", "m1")
    later = first.rename(tmp_path / "later")

    assert tierwise("models", "register", str(later))["folder"] == str(first)
    found = tierwise("models", "register", str(later), "--moved")
    assert (found["folder"], found["state"]) == (str(later), "ACTIVE")
    with database.reading() as snapshot:
        line = log.page(snapshot, ALL, limit=1)[0]
    assert (line.action, line.before) == ("models.register", {"folder": str(first)})
    assert line.after is not None
    assert line.after["folder"] == str(later)
    another = write_tiny_model(tmp_path / "another", "m1", seed=2)
    assert "MODEL_UNUSABLE" in tierwise.refusal("models", "register", str(another), "--moved")


def test_what_serves_stands_first_however_many_models_are_newer(database: Database, database_url: str) -> None:
    tierwise = Shell(database_url)
    for model_id in ("m1", "m2", "m3", "m4"):
        register_model(database, model_id)
    tierwise("models", "activate", "m1")
    tierwise("models", "activate", "m2", "--override-gates", "--reason", "a test needs it")
    tierwise("models", "move", "m1", "shadow")

    rows = tierwise("models", "list", "--limit", "3")
    assert [(row["model_id"], row["readiness"]) for row in rows] == [
        ("m2", "ANSWERS"), ("m1", "ANSWERED_BEFORE"), ("m4", "NOT_JUDGED"),
    ]  # fmt: skip
