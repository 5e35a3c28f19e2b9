"""A model folder holds a model whole, or is refused with a reason; nothing in it is ever executed."""

import hashlib
import json
import pickle
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from made.histories import at, bought, histories
from networks.tiny_model import tiny_model
from safetensors.numpy import load, save

from scoring.folders import folder
from scoring.folders.folder import ITEMS, WEIGHTS
from scoring.folders.manifest import MANIFEST
from scoring.score import ModelRejected, Strategy
from scoring.scorer import Scorer

KNOWN = histories(bought(9, item_id="item-0"), bought(5, item_id="item-4"))


@pytest.fixture
def written(tmp_path: Path) -> Path:
    return folder.write(tiny_model(), tmp_path / "model")


def change_manifest(path: Path, **changes: object) -> None:
    manifest = json.loads((path / MANIFEST).read_bytes())
    (path / MANIFEST).write_text(json.dumps(manifest | changes))


def test_what_is_read_answers_as_what_was_written(written: Path) -> None:
    before, after = Scorer(tiny_model()), Scorer.load(written)

    assert after.score(KNOWN, at()) == before.score(KNOWN, at())
    assert after.explain(KNOWN, at()) == before.explain(KNOWN, at())
    for one, other in zip(
        after.recommend(KNOWN, at(), count=5)[0], before.recommend(KNOWN, at(), count=5)[0], strict=True
    ):
        assert (one.item_id, one.reason) == (other.item_id, other.reason)
        assert one.score == pytest.approx(other.score)
    assert (after.model_id, after.currency) == ("tiny-1", "GBP")


def test_a_network_of_next_items_is_kept_and_recommends_in_the_place_of_the_others(tmp_path: Path) -> None:
    plain, other = tiny_model(), tiny_model(seed=2).networks[0]
    written = folder.write(replace(plain, next_items=other), tmp_path / "model")
    of = {"whole": Scorer.load(written), "plain": Scorer(plain), "other": Scorer(replace(plain, networks=(other,)))}
    deep = {name: each.recommend(KNOWN, at(), count=5, strategy=Strategy.DEEP) for name, each in of.items()}

    assert of["whole"].score(KNOWN, at()) == of["plain"].score(KNOWN, at())
    assert [one.score for one in deep["whole"][0]] == pytest.approx([one.score for one in deep["other"][0]])
    assert [one.item_id for one in deep["whole"][0]] != [one.item_id for one in deep["plain"][0]]


def test_further_blends_are_kept_and_a_folder_of_before_there_were_any_is_read(tmp_path: Path) -> None:
    newcomers, ahead = (replace(tiny_model().blend, content=weight, rest=(0.5,) * 16) for weight in (0.4, 0.7))
    written = folder.write(replace(tiny_model(), newcomers=newcomers, ahead=ahead), tmp_path / "model")
    kept = Scorer.load(written).model
    manifest = json.loads((written / MANIFEST).read_bytes())
    before = {name: manifest[name] for name in manifest if name not in ("newcomers", "ahead")}
    (written / MANIFEST).write_text(json.dumps(before))
    old = Scorer.load(written).model

    assert (kept.newcomers, kept.ahead) == (newcomers, ahead)
    assert (old.newcomers, old.ahead) == (None, None)


def test_the_folder_holds_three_files_and_the_manifest_names_their_hashes(written: Path) -> None:
    files = json.loads((written / MANIFEST).read_bytes())["files"]

    assert sorted(path.name for path in written.iterdir()) == sorted((MANIFEST, WEIGHTS, ITEMS))
    assert files == {name: hashlib.sha256((written / name).read_bytes()).hexdigest() for name in (WEIGHTS, ITEMS)}


def test_a_model_is_never_overwritten(written: Path) -> None:
    before = (written / WEIGHTS).read_bytes()

    with pytest.raises(FileExistsError, match="never overwritten"):
        folder.write(tiny_model(seed=2), written)
    assert (written / WEIGHTS).read_bytes() == before


def test_a_write_that_fails_leaves_nothing(tmp_path: Path) -> None:
    spoilt = tiny_model()
    object.__setattr__(spoilt, "manifest", {"model_id": object()})

    with pytest.raises(TypeError):
        folder.write(spoilt, tmp_path / "model")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", [WEIGHTS, ITEMS])
def test_altered_and_missing_files_are_refused(written: Path, name: str) -> None:
    content = bytearray((written / name).read_bytes())
    content[-1] ^= 1
    (written / name).write_bytes(content)
    with pytest.raises(ModelRejected, match=f"{name} is not the file that the manifest names"):
        Scorer.load(written)

    (written / name).unlink()
    with pytest.raises(ModelRejected, match=f"{name} is missing"):
        Scorer.load(written)


def test_a_folder_without_manifest_or_of_another_format_is_refused(written: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelRejected, match="is not a model folder"):
        Scorer.load(tmp_path)
    change_manifest(written, format=99)
    with pytest.raises(ModelRejected, match="format is 99"):
        Scorer.load(written)
    (written / MANIFEST).write_text("{")
    with pytest.raises(ModelRejected, match="is not JSON"):
        Scorer.load(written)


@pytest.mark.parametrize(
    "changes",
    [
        {"features": {"selected": [{"name": "shoe_size", "mean": 0.0, "deviation": 1.0}], "dropped": {}}},
        {"architecture": [{"features": 3, "items": 5}]},
        {"blend": {"together": 1.0}},
        {"buying": None},
        {"calibration": {}},
    ],
)
def test_parts_that_do_not_fit_together_are_refused(written: Path, changes: dict[str, Any]) -> None:
    change_manifest(written, **changes)

    with pytest.raises(ModelRejected, match="do not fit together"):
        Scorer.load(written)


def test_other_horizons_are_refused(written: Path) -> None:
    change_manifest(written, horizons_days=[7, 14])

    with pytest.raises(ModelRejected, match="horizons are"):
        Scorer.load(written)


def test_weights_that_are_code_are_refused_and_not_run(written: Path) -> None:
    marker = written / "executed"
    code = pickle.dumps(_Run(str(marker)))
    (written / WEIGHTS).write_bytes(code)
    files = json.loads((written / MANIFEST).read_bytes())["files"]
    change_manifest(written, files=files | {WEIGHTS: hashlib.sha256(code).hexdigest()})

    with pytest.raises(ModelRejected):
        Scorer.load(written)
    assert not marker.exists()


class _Run:
    """Pickled, it is an order to create a file."""

    def __init__(self, path: str) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.touch, (Path(self.path),))


def test_a_missing_tensor_is_refused_even_under_a_right_hash(written: Path) -> None:
    arrays = load((written / WEIGHTS).read_bytes())
    arrays.pop("0.heads.weight")
    content = save(arrays)
    (written / WEIGHTS).write_bytes(content)
    files = json.loads((written / MANIFEST).read_bytes())["files"]
    change_manifest(written, files=files | {WEIGHTS: hashlib.sha256(content).hexdigest()})

    with pytest.raises(ModelRejected, match=r"heads\.weight"):
        Scorer.load(written)


@pytest.mark.parametrize("changes", [{"blend": {}}, {"files": {}}, {"calibration": None}])
def test_a_folder_that_says_something_else_than_when_it_was_registered_is_refused(
    written: Path, changes: dict[str, Any]
) -> None:
    registered = json.loads((written / MANIFEST).read_bytes())
    assert Scorer.load(written, registered=registered).model_id == "tiny-1"

    with pytest.raises(ModelRejected, match=f"says something else of {next(iter(changes))} than when"):
        Scorer.load(written, registered=registered | changes)


@pytest.mark.parametrize("name", [MANIFEST, WEIGHTS])
def test_a_file_that_never_ends_is_refused(written: Path, name: str) -> None:
    (written / name).unlink()
    (written / name).symlink_to("/dev/zero")

    with pytest.raises(ModelRejected, match=f"{name} is no file"):
        Scorer.load(written)


def test_a_manifest_that_is_nested_without_end_is_refused(written: Path) -> None:
    (written / MANIFEST).write_text("[" * 200_000)

    with pytest.raises(ModelRejected, match="is not JSON"):
        Scorer.load(written)
