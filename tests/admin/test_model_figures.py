"""The figures of a model's rehearsal, by what they say."""

import pytest

from admin.models.figures import Group, better, grouped


def test_figures_stand_with_those_that_say_the_same_the_telling_ones_first() -> None:
    assert grouped({"auc_trees", "ece", "auc_new_customers", "auc", "log_loss", "zeal", "age"}) == {
        Group.RANKING: ["auc", "auc_new_customers"],
        Group.CALIBRATION: ["ece", "log_loss"],
        Group.PARTS: ["auc_trees"],
        Group.OTHERS: ["age", "zeal"],
    }


@pytest.mark.parametrize(
    ("name", "ours", "theirs", "verdict"),
    [
        ("auc", 0.8, 0.7, True),
        ("auc", 0.7, 0.8, False),
        ("auc", 0.8, 0.8, None),
        ("log_loss", 0.5, 0.6, True),
        ("mae", 60.0, 50.0, False),
        ("median_mae", 60.0, 50.0, False),
        ("total_ratio", 0.95, 1.1, True),
        ("total_ratio", 1.2, 1.1, False),
        ("tree_share", 0.5, 0.2, None),
        ("zeal", 1.0, 2.0, None),
    ],
)
def test_what_is_better_depends_on_the_figure(name: str, ours: float, theirs: float, *, verdict: bool | None) -> None:
    assert better(name, ours, theirs) is verdict
