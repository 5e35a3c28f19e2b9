"""An evaluation as one page that needs nothing beside it: no script, no network, pictures inside."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from admin.learning.strays import words_of
from admin.models.figures import LESS_IS_BETTER
from admin.models.shares import why
from admin.web.charts import BarChart, ColumnChart, LineChart, Series, bar_chart, column_chart, line_chart
from admin.web.language import locale_of
from admin.web.look import TEMPLATES, environment, written_number, written_percent
from rules.sentence import Language
from scoring.networks.network import HORIZONS
from training.evaluating.comparison import OURS, Comparison
from training.evaluating.evaluation import Evaluation
from training.evaluating.groups import SELECTED, Group, disparity
from training.evaluating.slices import MEANINGS

STYLE = TEMPLATES.parent / "static" / "style.css"
SQUARE = 420.0
LOCALE = locale_of(Language.ENGLISH)
WORDS: Mapping[str, str] = {
    "model": "the model", "networks": "networks", "trees": "boosted trees", "linear": "linear", "closed_form": "BG/NBD",
    "frequency": "frequency", "recency": "recency",
}  # fmt: skip
FIGURES: Mapping[str, str] = {
    "auc": "AUC", "average_precision": "average precision", "log_loss": "log loss", "ece": "calibration error",
    "gini": "Gini", "spearman": "Spearman", "median_mae": "mean error",
    "capture_top_decile": "spend in top tenth", "total_ratio": "predicted over real total",
    "deviance": "Poisson deviance",
}  # fmt: skip
FOUR_FIFTHS = 0.8
"""Of the highest selection rate: who is selected less often is at a disadvantage by the rule of that name."""
ORDER, CHURN = "an order", "nothing at all (churn)"
FEWEST = 100
"""Customers below which a table of a slice says more of chance than of the model."""


class Cell(NamedTuple):
    """A figure with its interval; the difference says who is ahead beyond chance."""

    value: float
    low: float
    high: float
    verdict: str
    """'better' or 'worse' where the model is so, without doubt, than this baseline; '' otherwise."""


class Row(NamedTuple):
    """A predictor's figures."""

    name: str
    cells: tuple[Cell, ...]


class Table(NamedTuple):
    """Predictors beside one another."""

    heads: tuple[str, ...]
    rows: tuple[Row, ...]


class Share(NamedTuple):
    """What a member of the blend got, and why."""

    name: str
    purchase: float
    spend: float
    auc: float | None
    why: str


class Question(NamedTuple):
    """One thing that is asked of one slice."""

    who: str
    what: str
    comparison: Comparison
    table: Table
    few: bool


def page(found: Evaluation, *, by: str | None = None) -> str:
    """HTML; `by` is the attribute that the groups are of."""
    made = environment(Language.ENGLISH).get_template("evaluation.html")
    return made.render(
        found=found, style=STYLE.read_text(encoding="utf-8"), horizon=HORIZONS[-1], roc=_roc(found),
        calibration=_calibration(found),
        deciles=_spend(found, found.deciles, [str(place + 1) for place in range(len(found.deciles))]),
        tiers=_spend(found, found.tiers, [str(row["tier"]) for row in found.tiers]),
        order_deciles=_orders(found), counts=_table(found.orders),
        lift=_lift(found), chances=_table(found.everybody.purchase), amounts=_table(found.value),
        shares=_shares(found.shares), blend=_blend(found.shares), questions=_questions(found),
        by=by, groups=_groups(found), selected=SELECTED, usual=FOUR_FIFTHS,
        disparity=disparity(found.groups) if found.groups else None,
        strays=words_of(found.strays, found.records_begin),
    )  # fmt: skip


def _roc(found: Evaluation) -> LineChart:
    """The model, the best of the baselines, and a coin."""
    figures = found.everybody.purchase.figures
    others = sorted((name for name in found.roc if name != OURS), key=lambda name: -figures[name]["auc"])
    lines = [
        Series(name=f"{WORDS[name]} {figures[name]['auc']:.3f}", x=[x for x, _ in curve], y=[y for _, y in curve])
        for name, curve in ((name, found.roc[name]) for name in (OURS, *others[:1]))
    ]
    coin = Series(name="a coin", x=[0.0, 1.0], y=[0.0, 1.0])
    return line_chart([*lines, coin], x_words=_percent, y_words=_percent, width=SQUARE, height=SQUARE)


def _calibration(found: Evaluation) -> LineChart:
    said = [row["predicted"] for row in found.calibration]
    came = Series(name="what came", x=said, y=[row["bought"] for row in found.calibration])
    return line_chart(
        [came, Series(name="exact", x=said, y=said)], x_words=_percent, y_words=_percent, from_zero=True,
        width=SQUARE, height=SQUARE,
    )  # fmt: skip


def _lift(found: Evaluation) -> LineChart:
    shares = [0.0, *(row["share"] for row in found.lift)]
    buyers = Series(name="buyers found", x=shares, y=[0.0, *(row["found"] for row in found.lift)])
    return line_chart(
        [buyers, Series(name="at random", x=[0.0, 1.0], y=[0.0, 1.0])], x_words=_percent, y_words=_percent,
        width=SQUARE, height=SQUARE,
    )  # fmt: skip


def _spend(found: Evaluation, rows: Sequence[Mapping[str, float]], names: Sequence[str]) -> ColumnChart:
    series = [("predicted", [row["predicted"] for row in rows]), ("spent", [row["spent"] for row in rows])]
    return column_chart(names, series, words=lambda value: f"{written_number(value, LOCALE)} {found.currency}")


def _orders(found: Evaluation) -> ColumnChart:
    rows = found.order_deciles
    series = [(word, [row[word] for row in rows]) for word in ("predicted", "ordered")]
    return column_chart([str(place + 1) for place in range(len(rows))], series, words=lambda value: f"{value:.2f}")


def _blend(shares: Mapping[str, Mapping[str, float]]) -> BarChart | None:
    if not shares:
        return None
    bars = [(WORDS[name], found["purchase_share"]) for name, found in shares.items()]
    return bar_chart(bars, words=_percent)


def _shares(shares: Mapping[str, Mapping[str, float]]) -> list[Share]:
    return [
        Share(WORDS[name], found["purchase_share"], found["spend_share"], found.get("auc"), why(found))
        for name, found in shares.items()
    ]


def _questions(found: Evaluation) -> list[Question]:
    asked = [("All customers.", CHURN, found.everybody.churn)]
    for name, products in found.slices.items():
        asked += [(MEANINGS[name], ORDER, products.purchase), (MEANINGS[name], CHURN, products.churn)]
    return [Question(who, what, comparison, _table(comparison), _few(comparison)) for who, what, comparison in asked]


def _few(comparison: Comparison) -> bool:
    return comparison.customers < FEWEST or not comparison.telling


def _groups(found: Evaluation) -> list[tuple[Group, tuple[Cell, ...]]]:
    return [
        (group, tuple(Cell(value, *group.intervals[word], "") for word, value in group.figures.items()))
        for group in found.groups
    ]


def _table(comparison: Comparison) -> Table:
    words = tuple(comparison.figures[OURS])
    rows = tuple(
        Row(WORDS[name], tuple(_cell(comparison, name, word) for word in words)) for name in comparison.figures
    )
    return Table(tuple(FIGURES[word] for word in words), rows)


def _cell(comparison: Comparison, name: str, word: str) -> Cell:
    low, high = comparison.intervals[name][word]
    verdict = ""
    if name != OURS and word != "total_ratio" and comparison.telling:
        least, most = comparison.differences[name][word]
        ahead, behind = (most < 0, least > 0) if word in LESS_IS_BETTER else (least > 0, most < 0)
        verdict = "better" if ahead else "worse" if behind else ""
    return Cell(comparison.figures[name][word], low, high, verdict)


def _percent(share: float) -> str:
    return written_percent(share, LOCALE)
