"""A search tries the given configuration first, ends hopeless trials early, and goes on where it was."""

import json
from dataclasses import replace
from pathlib import Path

import optuna
import pytest
from made.histories import AS_OF, random_shop
from networks.small_training import SMALL, course
from typer.testing import CliRunner

from admin.command_line import main
from training.configuration import Configuration
from training.course import HistoryTooShort
from training.progress import silence
from training.tuning import MEDIAN, SEARCHED, Found, StudyNotUsable, tune

pytestmark = pytest.mark.usefixtures("home")


class AllButTheFirst(optuna.pruners.BasePruner):  # type: ignore[misc]  # mypy does not read optuna
    """Ends every trial after its first epoch, but for the first."""

    def prune(self, study: optuna.Study, trial: optuna.trial.FrozenTrial) -> bool:
        assert study.study_name == "tierwise"
        return bool(trial.number > 0)


def searched(
    study: Path, trials: int, pruner: optuna.pruners.BasePruner = MEDIAN, *, fingerprint: str = "shop"
) -> tuple[Found, list[str]]:
    told: list[str] = []

    def tell(stage: str, done: int, total: int) -> None:
        told.append(f"{stage} {done}/{total}")

    of = course(folder=study.parent, max_epochs=2)
    return tune(of, fingerprint=fingerprint, trials=trials, study=study, progress=tell, pruner=pruner), told


def test_a_search_goes_on_where_it_was(tmp_path: Path) -> None:
    first, told = searched(tmp_path / "study.log", 2)
    more, told_again = searched(tmp_path / "study.log", 3)
    nothing, told_nothing = searched(tmp_path / "study.log", 3)

    assert (told, told_again, told_nothing) == (["trials 1/2", "trials 2/2"], ["trials 3/3"], [])
    assert (first.trials, more.trials) == (2, 3)
    assert more.loss <= first.loss <= first.default_loss == more.default_loss
    assert nothing == more
    assert replace(more.configuration, **{name: getattr(SMALL, name) for name in SEARCHED}) == replace(
        SMALL, max_epochs=2
    )


def test_a_hopeless_trial_is_ended(tmp_path: Path) -> None:
    found, _ = searched(tmp_path / "study.log", 3, AllButTheFirst())

    assert (found.trials, found.pruned) == (3, 2)
    assert found.loss == found.default_loss


def test_a_study_that_was_killed_in_its_first_trial_begins_with_the_given_configuration(tmp_path: Path) -> None:
    study = tmp_path / "study.log"

    def killed(stage: str, done: int, total: int) -> None:
        raise KeyboardInterrupt(f"{stage} {done} of {total}")

    with pytest.raises(KeyboardInterrupt):
        tune(
            replace(course(folder=tmp_path, max_epochs=1), progress=killed), fingerprint="shop", trials=1, study=study,
            progress=killed,
        )  # fmt: skip
    with study.open("ab") as file:
        file.write(b'{"op_code": 6, "wor')  # what a process wrote that was killed at that moment
    found, _ = searched(study, 1)

    assert (found.trials, found.loss) == (1, found.default_loss)
    assert found.configuration == replace(SMALL, max_epochs=2)
    assert searched(study, 1)[0] == found


def test_a_study_of_something_else_is_refused(tmp_path: Path) -> None:
    study, other = tmp_path / "study.log", tmp_path / "events.csv"
    searched(study, 1)
    other.write_text("customer_id,time")

    with pytest.raises(StudyNotUsable, match=r"study\.log was begun with other events, options or code"):
        searched(study, 1, fingerprint="another")
    with pytest.raises(StudyNotUsable, match=r"events\.csv is not a study"):
        searched(other, 1)
    assert other.read_text() == "customer_id,time"


def test_what_was_found_is_what_is_trained_with(tmp_path: Path) -> None:
    random_shop(60, seed=11).write_parquet(tmp_path / "events.parquet")
    about = ["--events", str(tmp_path / "events.parquet"), "--as-of", AS_OF.isoformat(), "--epochs", "1", "--json"]
    best = str(tmp_path / "best.json")
    done = CliRunner().invoke(
        main, ["tune", *about, "--study", str(tmp_path / "study.log"), "--trials", "1", "--out", best]
    )
    assert done.exit_code == 0, done.output
    found = json.loads((tmp_path / "best.json").read_bytes())

    assert Configuration.from_json(found) == Configuration(max_epochs=1)
    (tmp_path / "best.json").write_text(json.dumps(found | {"width": 32, "depth": 3}))
    refused = CliRunner().invoke(main, ["train", *about, "--configuration", best])
    assert "depth: a configuration has no such field" in " ".join(refused.output.split())


def test_a_shop_without_a_closed_window_tells_no_configuration_from_another(tmp_path: Path) -> None:
    """Nobody has bought yet in windows that are not over: the search took that for what came."""
    young = course(random_shop(120, seed=3, days=80), folder=tmp_path)

    with pytest.raises(HistoryTooShort, match="no window of 90 days is closed"):
        tune(young, fingerprint="shop", trials=1, study=tmp_path / "study.log", progress=silence)
