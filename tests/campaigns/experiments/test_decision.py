"""What is advised, and the reasons that are given for it."""

from dataclasses import replace

import pytest

from campaigns.experiments.assignment import Design
from campaigns.experiments.decision import Decision, Verdict, decide
from campaigns.experiments.effect import Interval
from campaigns.experiments.power import Baseline
from campaigns.experiments.results import Effect, Looking, Metric, Plan, Reading, Results
from campaigns.experiments.sample_ratio import check_ratio
from rules.sentence import Language

BASELINE = Baseline(mean=1.0, standard_deviation=1.0)
PLAN = Plan(
    design=Design(),
    customers=10_000,
    baselines={Metric.MARGIN: BASELINE, Metric.CONVERSION: BASELINE},
    worthwhile=2.0,
    currency="GBP",
)
AT_THE_END = replace(PLAN, looking=Looking.AT_THE_END)
EVEN = check_ratio({"holdout": 1_000, "offer": 9_000}, PLAN.design.shares)
LOPSIDED = check_ratio({"holdout": 500, "offer": 9_500}, PLAN.design.shares)


def reading(low: float, high: float) -> Reading:
    span = Interval(low=low, high=high)
    return Reading(difference=span, lift=None, total=span.times(9_000), p_value=0.5)


def effect(metric: Metric, any_time: tuple[float, float], at_the_end: tuple[float, float], mean: float) -> Effect:
    return Effect(
        metric=metric, customers=9_000, holdout_customers=1_000, mean=mean, holdout_mean=mean,
        difference=sum(any_time) / 2, lift=None, total=0.0, variance_left=1.0,
        any_time=reading(*any_time), at_the_end=reading(*at_the_end),
    )  # fmt: skip


def advice(
    any_time: tuple[float, float],
    at_the_end: tuple[float, float] = (0.0, 0.0),
    *,
    plan: Plan = PLAN,
    finished: bool = False,
    cut_short: bool = False,
    converted: float = 0.1,
) -> Decision:
    margin = effect(Metric.MARGIN, any_time, at_the_end, 5.0)
    conversion = effect(Metric.CONVERSION, (0.0, 0.1), (0.0, 0.1), converted)
    effects = {Metric.MARGIN: margin, Metric.CONVERSION: conversion}
    found = Results(overall=effects, arms={"offer": effects}, sample_ratio=EVEN, rivals={})
    decided = decide(found, plan, finished=finished, cut_short=cut_short)
    assert decided.overall == decided.arms["offer"]
    return decided.overall


@pytest.mark.parametrize(
    ("any_time", "at_the_end", "plan", "finished", "verdict", "first_reason"),
    [
        ((1, 9), (2, 8), PLAN, False, Verdict.SHIP, "It works."),
        ((1, 9), (2, 8), PLAN, True, Verdict.SHIP, "It works."),
        ((-9, -1), (-8, -2), PLAN, False, Verdict.STOP, "It does harm."),
        ((-5, 1.9), (-4, 1), PLAN, False, Verdict.STOP, "Even at best it stays below +0.020 GBP a customer."),
        ((-1, 9), (2, 8), PLAN, False, Verdict.KEEP_RUNNING, "No effect is shown."),
        ((-1, 9), (2, 8), PLAN, True, Verdict.INCONCLUSIVE, "The planned time is over."),
        (
            (1, 9),
            (2, 8),
            AT_THE_END,
            False,
            Verdict.KEEP_RUNNING,
            "It looks well, and the plan is to judge at the end.",
        ),
        ((-9, -1), (-8, -2), AT_THE_END, False, Verdict.STOP, "It does harm."),
        ((-1, 9), (2, 8), AT_THE_END, True, Verdict.SHIP, "It works."),
        ((-1, 9), (-2, 8), AT_THE_END, True, Verdict.INCONCLUSIVE, "The planned time is over."),
    ],
)
def test_the_verdict_follows_from_the_interval_and_the_time(
    any_time: tuple[float, float],
    at_the_end: tuple[float, float],
    plan: Plan,
    finished: bool,  # noqa: FBT001 - a row of the table
    verdict: Verdict,
    first_reason: str,
) -> None:
    decision = advice(any_time, at_the_end, plan=plan, finished=finished)
    assert (decision.verdict, decision.reasons[0].sentence()) == (verdict, first_reason)


@pytest.mark.parametrize(
    ("any_time", "verdict", "first_reason"),
    [
        ((1, 9), Verdict.SHIP, "It works."),
        ((-9, -1), Verdict.STOP, "It does harm."),
        ((-1, 9), Verdict.INCONCLUSIVE, "It did not run until its planned end."),
    ],
)
def test_of_one_that_was_ended_early_only_what_holds_at_any_time_is_told(
    any_time: tuple[float, float], verdict: Verdict, first_reason: str
) -> None:
    decision = advice(any_time, (2, 8), plan=AT_THE_END, cut_short=True)
    assert (decision.verdict, decision.reasons[0].sentence()) == (verdict, first_reason)


def test_the_figures_are_given_as_a_reason() -> None:
    found = "Margin changed by +0.050 GBP a customer, between +0.010 GBP and +0.090 GBP."
    assert [each.sentence() for each in advice((1, 9)).reasons] == ["It works.", found]


def test_money_without_minor_units_is_told_as_it_is() -> None:
    found = "毛利变化 +5.0 JPY，介于 +1.0 JPY 与 +9.0 JPY 之间。"
    assert (
        advice((1, 9), plan=replace(PLAN, currency="JPY")).reasons[1].sentence(Language.CHINESE) == f"每位客户的{found}"
    )


def test_conversion_is_told_in_percentage_points() -> None:
    span = (0.01, 0.05)
    effects = {Metric.CONVERSION: effect(Metric.CONVERSION, span, span, 0.1)}
    found = Results(overall=effects, arms={"offer": effects}, sample_ratio=EVEN, rivals={})
    decision = decide(found, replace(PLAN, primary=Metric.CONVERSION, worthwhile=0.0), finished=False).arms["offer"]
    assert decision.reasons[1].sentence() == (
        "Conversion changed by +3.00 percentage points a customer, between +1.00 percentage points and "
        "+5.00 percentage points."
    )


@pytest.mark.parametrize(("finished", "verdict"), [(False, Verdict.KEEP_RUNNING), (True, Verdict.INCONCLUSIVE)])
def test_a_few_buyers_decide_nothing(finished: bool, verdict: Verdict) -> None:  # noqa: FBT001 - a row of the table
    decision = advice((1, 9), converted=0.02, finished=finished)
    assert decision.verdict is verdict
    assert decision.reasons[-1].sentence() == (
        "Too few customers bought to conclude anything: 180 of the arm and 20 of the holdout, "
        "and 25 are needed in each."
    )
    assert decision.reasons[-1].sentence(Language.CHINESE) == (
        "购买的客户太少，无法得出结论：实验组 180 位，对照组 20 位，每组至少需要 25 位。"
    )


def test_groups_of_the_wrong_size_come_before_any_effect() -> None:
    effects = {Metric.MARGIN: effect(Metric.MARGIN, (1, 9), (2, 8), 5.0)}
    found = Results(overall=effects, arms={"offer": effects}, sample_ratio=LOPSIDED, rivals={})
    decision = decide(found, PLAN, finished=False).arms["offer"]
    assert decision == Decision(verdict=Verdict.REPAIR, reasons=(LOPSIDED,))


def test_lopsided_exclusions_are_told_too() -> None:
    effects = {Metric.MARGIN: effect(Metric.MARGIN, (1, 9), (2, 8), 5.0)}
    found = Results(overall=effects, arms={"offer": effects}, sample_ratio=EVEN, rivals={})
    decision = decide(found, PLAN, finished=False, exclusions=(EVEN, LOPSIDED)).arms["offer"]
    assert decision == Decision(verdict=Verdict.REPAIR, reasons=(LOPSIDED,))
