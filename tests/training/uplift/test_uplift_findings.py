"""One rule: a learner where it beats targeting by response by more than chance, otherwise response."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from made_trials import drawn_trial
from scipy.stats import spearmanr

from events.event import EventType
from scoring.seen.actions import Floats
from scoring.uplift.model import UpliftModel
from simulator.shop import Shop
from simulator.stream import simulate
from training.progress import silence
from training.uplift.choice import choose
from training.uplift.crossfit import cross_fit, parts_of
from training.uplift.findings import Findings, learn, model
from training.uplift.learners import Learner
from training.uplift.qini import qini
from training.uplift.reading import Reading, Treatment, read
from training.uplift.trial import Trial, TrialNotUsable, folds


def found(trial: Trial, *, given: bool = True) -> Findings:
    return learn(trial, seed=0, progress=lambda *_: None, given=given, parts=3)


@pytest.fixture(scope="module")
def contrary() -> tuple[Trial, Floats]:
    return drawn_trial(6_000, seed=1, share=0.7, contrary=True)


@pytest.fixture(scope="module")
def findings(contrary: tuple[Trial, Floats]) -> Findings:
    return found(contrary[0])


def test_a_learner_is_chosen_where_the_treatment_changes_others_than_those_who_respond(
    contrary: tuple[Trial, Floats], findings: Findings
) -> None:
    trial, effect = contrary
    chosen = findings.choice
    ahead = chosen.figures[chosen.learner].ahead

    assert chosen.learner is chosen.best is not Learner.RESPONSE
    assert ahead is not None
    assert ahead.low > 0
    assert chosen.reason.startswith(f"the {chosen.learner}-learner beats targeting by response by +")
    assert chosen.finds
    assert spearmanr(findings.score, effect).statistic > 0.6
    assert findings.nested_qini == pytest.approx(chosen.figures[chosen.learner].qini.value, rel=0.2)
    assert findings.nested_qini < qini(trial, effect) * 1.1


def test_scores_stand_for_effects(contrary: tuple[Trial, Floats], findings: Findings) -> None:
    effect, told = contrary[1], findings.line.effect(findings.score)

    assert findings.effect.low < effect.mean() < findings.effect.high
    assert told.mean() == pytest.approx(findings.effect.value, abs=0.005)
    for part in np.array_split(np.argsort(told), 4):
        assert told[part].mean() == pytest.approx(effect[part].mean(), abs=0.06)


def test_response_is_chosen_where_all_are_changed_alike() -> None:
    trial, _ = drawn_trial(2_000, seed=2, contrary=False)
    chosen = found(trial).choice

    assert chosen.learner is Learner.RESPONSE
    assert chosen.reason.startswith("no learner beats targeting by response by more than chance")


def test_a_response_that_is_surely_worse_than_at_random_is_no_way_out() -> None:
    """Though no learner, here each by chance, beats it surely."""
    trial, effect = drawn_trial(1_000, seed=1, contrary=True)
    random = np.random.default_rng(1)
    chosen = choose(trial, {each: random.random(1_000) for each in Learner} | {Learner.RESPONSE: -effect}, seed=0)
    ahead, usual = chosen.figures[chosen.best].ahead, chosen.figures[Learner.RESPONSE].qini

    assert ahead is not None
    assert ahead.low < 0 < ahead.value
    assert usual.high < 0
    assert chosen.learner is chosen.best
    assert not chosen.finds
    assert chosen.reason.startswith(f"targeting by response is worse than at random, {usual.value:+.2f} per 1,000 [")


def test_a_few_huge_amounts_do_not_say_who_is_ranked_first() -> None:
    trial, effect = drawn_trial(4_000, seed=6, contrary=True)
    random = np.random.default_rng(6)
    spent = trial.outcome * np.exp(4 + random.normal(size=len(trial)) / 2)
    spent[random.choice(np.flatnonzero(spent), 4, replace=False)] = 1e6
    scores = cross_fit(replace(trial, outcome=spent), parts=3, seed=0, progress=silence)

    assert spearmanr(scores[Learner.RESPONSE], trial.features[:, 0] > 0).statistic > 0.4
    for learner in (Learner.T, Learner.X, Learner.DR, Learner.LINEAR):
        assert spearmanr(scores[learner], effect).statistic > 0.3, learner


def test_equal_seeds_find_the_same_and_it_is_told_how_far_it_is(contrary: tuple[Trial, Floats]) -> None:
    some = contrary[0].part(np.arange(800))
    told: list[tuple[str, int, int]] = []
    first = found(some)
    again = learn(some, seed=0, progress=lambda *stage: told.append(stage), given=True, parts=3)

    assert again.to_json() == first.to_json()
    assert (again.score == first.score).all()
    assert [done for _, done, _ in told] == [*range(1, 3 * len(Learner) + 1), *range(1, 6)]


@pytest.mark.parametrize(
    ("customers", "parts"),
    [(300, 10), (100_000, 10), (250_000, 4), (600_000, 3), (1_999_999, 3), (2_000_000, 2), (14_000_000, 2)],
)
def test_folds_that_teach_enough_are_few(customers: int, parts: int) -> None:
    assert parts_of(customers) == parts


def test_a_treatment_that_was_not_drawn_alike_is_noticed_and_made_up_for() -> None:
    """Those who buy anyway were treated more often; the treatment changes nobody."""
    random = np.random.default_rng(5)
    trial, _ = drawn_trial(6_000, seed=5, contrary=False)
    likely = trial.features[:, 0] > 0
    treated = random.random(len(trial)) < np.where(likely, 0.8, 0.2)
    outcome = (random.random(len(trial)) < 0.1 + 0.2 * likely).astype(float)
    unfair = replace(trial, treated=treated, outcome=outcome, propensity=np.full(len(trial), treated.mean()))
    naive = outcome[treated].mean() - outcome[~treated].mean()

    seen = found(unfair, given=False)
    assert not seen.drawn_alike
    assert naive > 0.1
    assert seen.effect.low < 0 < seen.effect.high


def test_rows_of_one_customer_tell_no_more_than_one() -> None:
    """Each customer is there three times: as so many customers, they would foretell each other's treatment."""
    trial, _ = drawn_trial(1_000, seed=3, contrary=True)
    whose = np.repeat(np.arange(1_000), 3)
    thrice = replace(trial.part(whose), customer=whose)
    once, again = found(trial), found(thrice, given=False)
    parts = folds(thrice, 3, np.random.default_rng(0)).reshape(1_000, 3)

    assert (parts == parts[:, :1]).all()
    assert again.drawn_alike
    assert again.effect.high - again.effect.low == pytest.approx(once.effect.high - once.effect.low, rel=0.05)
    for learner, figures in again.choice.figures.items():
        alone = once.choice.figures[learner].qini
        assert figures.qini.high - figures.qini.low == pytest.approx(alone.high - alone.low, rel=0.15)
    assert (again.to_json()["customers"], again.to_json()["rows"]) == (1_000, 3_000)


def test_a_feature_that_tells_who_was_treated_leaves_nobody_to_compare_with() -> None:
    trial, _ = drawn_trial(2_000, seed=4, contrary=False)
    decided = replace(trial, treated=trial.features[:, 1] > 0, names=("age", "spent", "c", "d", "e", "f"))

    with pytest.raises(TrialNotUsable, match=r"spent tells who was treated nearly for sure.*--ignore spent"):
        found(decided, given=False)


@pytest.fixture(scope="module")
def simulated() -> pl.DataFrame:
    """What a shop knows of its customers at the moment of a trial, what came of it, and the truth."""
    blocks = list(simulate(Shop(customers=5_000, seed=17, days=240, trial_share=0.5)))
    shop_time = Shop(customers=5_000, seed=17, days=240).as_of
    events = pl.concat(block.events for block in blocks)
    bought = pl.concat(block.future for block in blocks).filter(pl.col("event_type") == EventType.PURCHASE)
    known = events.group_by("customer_id").agg(
        *(
            (pl.col("event_type") == kind).sum().alias(f"count_{kind.word}")
            for kind in (EventType.VIEW, EventType.CART, EventType.PURCHASE, EventType.COUPON)
        ),
        silent=(shop_time - pl.col("time").max()).dt.total_days(),
    )
    truth = pl.concat(block.truth for block in blocks)
    joined = truth.select("customer_id", "in_trial", "uplift").join(known, on="customer_id", how="left")
    return joined.with_columns(bought=pl.col("customer_id").is_in(bought["customer_id"].implode()))


def test_what_is_learned_of_the_simulator_is_true(simulated: pl.DataFrame) -> None:
    reading = read(
        simulated.drop("customer_id"), treatment=Treatment.read("in_trial"), outcome="bought", ignored=["uplift"]
    )
    seen = found(reading.trial)
    truth = simulated["uplift"].to_numpy()

    assert seen.effect.low < truth.mean() < seen.effect.high
    assert spearmanr(seen.scores[seen.choice.best], truth).statistic > 0.05
    top = np.argsort(-seen.scores[seen.choice.best])[: len(truth) // 3]
    assert truth[top].mean() > truth.mean()


def test_a_kept_model_says_the_same_of_other_customers(contrary: tuple[Trial, Floats], findings: Findings) -> None:
    trial, effect = contrary
    frame = pl.DataFrame({f"f{place}": trial.features[:, place] for place in range(6)}).with_columns(
        treated=trial.treated, came=trial.outcome
    )
    reading: Reading = read(frame, treatment=Treatment.read("treated"), outcome="came")
    told: list[tuple[str, int, int]] = []
    kept = model(reading, findings, seed=0, progress=lambda *stage: told.append(stage))
    again = UpliftModel.from_json(kept.to_json())

    assert (again.effect(frame) == kept.effect(frame)).all()
    assert again.learner == findings.choice.learner
    assert [done for _, done, _ in told] == [1, 2, 3]
    assert spearmanr(again.score(frame), effect).statistic > 0.6
    with pytest.raises(ValueError, match="there is no column f0, f3: the model reads it"):
        again.score(frame.drop("f0", "f3"))
    for text in ("{}", "[]", "trees", kept.to_json().replace('"weight"', '"wait"')):
        with pytest.raises(ValueError, match="not a model of uplift"):
            UpliftModel.from_json(text)
