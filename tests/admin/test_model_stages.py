"""`tierwise models move|rollback|show`: a model's way to answering, and back."""

from campaign_factories import NOW, add_model, make_score, prove, register_model
from shell import Shell

from campaigns.models.comparison import sums_of
from database.models import shadow_comparisons
from database.session import Database


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
