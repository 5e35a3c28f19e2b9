"""Processes that learn together end with one and the same network, and the first of them alone writes it."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from networks.small_training import SMALL, course, prepared, trained

from scoring.folders.folder import WEIGHTS
from training.company import ALONE, Company
from training.material.examples import lessons

ROOT = Path(__file__).resolve().parents[2]
TOGETHER = """
import sys
sys.path[:0] = ['.', 'tests']
import hashlib, json
from dataclasses import replace
from pathlib import Path
import torch
from networks.small_training import SMALL, ASKED
from scoring.threads import limit_threads
from training import fit as whole
from training.company import Company
from training.learning import Gradient
limit_threads()
folder, company = Path(sys.argv[1]), Company.joined('cpu')
number = torch.nn.Parameter(torch.zeros(2))
number.grad = torch.tensor([1.0, 2.0]) * (1 + company.rank)
company.share_gradients([number], (0.75, 0.25)[company.rank])
table, kept, steps = torch.nn.Parameter(torch.zeros(4)), Gradient(torch.zeros(4), torch.zeros(0, dtype=torch.int64)), []
for step in range(2):
    row = torch.tensor([[2 * step + company.rank]])
    table.grad = kept.take(torch.sparse_coo_tensor(row, torch.ones(1), (4,), check_invariants=True))
    company.share_gradients([table], 0.5)
    steps.append(table.grad.tolist())
short = replace(SMALL, max_epochs=1)
fit, models = whole.fit, []
whole.fit = lambda *asked: models.append(fit(*asked)) or models[0]
whole.train(replace(ASKED, configuration=short, company=company), folder / f'model {company.rank}')
state = b''.join(tensor.numpy().tobytes() for tensor in models[0].networks[0].state_dict().values())
told = {
    'gradient': number.grad.tolist(), 'steps': steps, 'weights': hashlib.sha256(state).hexdigest(),
    'leads': company.leads,
}
(folder / f'{company.rank}.json').write_text(json.dumps(told))
company.leave()
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What two processes left behind."""
    folder = tmp_path_factory.mktemp("together")
    script = folder / "together.py"
    script.write_text(TOGETHER)
    starter = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    done = subprocess.run(
        [*starter, str(script), str(folder)], cwd=ROOT, capture_output=True, text=True, check=False, timeout=240
    )
    assert done.returncode == 0, done.stderr
    return folder


def test_two_processes_end_with_the_same_weights_and_one_of_them_leads(folder: Path) -> None:
    first, second = (json.loads((folder / f"{rank}.json").read_text()) for rank in (0, 1))

    assert first["weights"] == second["weights"]
    assert (first["leads"], second["leads"]) == (True, False)


def test_gradients_are_weighted_by_how_much_each_has_learned_from(folder: Path) -> None:
    for rank in (0, 1):
        assert json.loads((folder / f"{rank}.json").read_text())["gradient"] == [1.25, 2.5]


def test_what_one_has_read_in_a_step_is_in_no_gradient_of_the_next(folder: Path) -> None:
    for rank in (0, 1):
        assert json.loads((folder / f"{rank}.json").read_text())["steps"] == [[0.5, 0.5, 0, 0], [0, 0, 0.5, 0.5]]


def test_only_the_one_that_leads_writes_a_model(folder: Path, tmp_path: Path) -> None:
    assert (folder / "model 0" / WEIGHTS).exists()
    assert not (folder / "model 1").exists()
    alone = json.loads(
        (trained(tmp_path / "alone", configuration=replace(SMALL, max_epochs=1)) / "manifest.json").read_bytes()
    )
    together = json.loads((folder / "model 0" / "manifest.json").read_bytes())
    assert together["metrics"]["auc"] == pytest.approx(alone["metrics"]["auc"], abs=0.1)


def test_the_parts_of_a_lesson_are_the_lesson() -> None:
    examples = prepared(course()).examples
    for lesson in lessons(examples, SMALL, np.random.default_rng(0)):
        parts = [Company(rank, 3).part(lesson) for rank in range(3)]
        for rank, part in enumerate(parts):
            assert np.array_equal(part.pair, lesson.pair[rank::3])
            assert part.batch.kind.equal(lesson.batch.kind[rank::3])
            assert len(part.target) == len(part.batch.tabular) == len(part.pair)
        assert sum(len(part.pair) for part in parts) == len(lesson.pair)
        assert np.array_equal(ALONE.part(lesson).pair, lesson.pair)


def test_without_torchrun_one_learns_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TORCHELASTIC_RUN_ID", raising=False)
    assert Company.joined("cpu") == ALONE
    assert (ALONE.device("cuda"), ALONE.leads) == ("cuda", True)
