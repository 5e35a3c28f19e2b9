"""Two markets over one base give each its own answers, by small files that come and go while the base answers."""

from pathlib import Path

import pytest
import torch
from made.histories import at, bought, histories
from networks.tiny_model import tiny_model

from scoring import adapters
from scoring.adapters import Adapter, Bottleneck, Method, adapted
from scoring.folders import folder
from scoring.folders.adapter_seal import check_adapters
from scoring.folders.market_files import MarketName, path_of
from scoring.markets import Markets
from scoring.model import Model
from scoring.score import ModelRejected
from scoring.scorer import Scorer

KNOWN = histories(bought(9, item_id="item-0"), bought(5, item_id="item-4"))
LAYER = "0:blocks.0.gate"


def low_rank(market: str, seed: int, *, base: str = "tiny-1") -> Adapter:
    """A change of one layer by rank 2, and of the level."""
    random = torch.Generator().manual_seed(seed)
    tensors = {
        f"{LAYER}:down": torch.randn(2, 16, generator=random), f"{LAYER}:up": torch.randn(32, 2, generator=random),
        "0:heads:bias": torch.randn(6, generator=random),
    }  # fmt: skip
    return Adapter(market=market, method=Method.LORA, base=base, tensors=tensors)


@pytest.fixture
def model() -> Model:
    return tiny_model()


@pytest.fixture
def markets(model: Model, tmp_path: Path) -> Markets:
    path = folder.write(model, tmp_path / "model")
    return Markets(Scorer.load(path), path)


def test_each_market_gets_its_own_answers_and_the_base_keeps_its_own(markets: Markets) -> None:
    before = markets.base.score(KNOWN, at())
    for seed, market in enumerate(("fr", "de")):
        adapters.write(low_rank(market, seed), path_of(markets.folder, market))

    french, german = (markets.scorer(market).score(KNOWN, at()) for market in ("fr", "de"))

    assert french == Scorer(adapted(markets.base.model, low_rank("fr", 0)), market="fr").score(KNOWN, at())
    assert german == Scorer(adapted(markets.base.model, low_rank("de", 1)), market="de").score(KNOWN, at())
    assert len({before[0].purchase_90, french[0].purchase_90, german[0].purchase_90}) == 3
    assert markets.scorer("it") is markets.base
    assert markets.base.score(KNOWN, at()) == before


def test_an_adapter_is_switched_without_loading_the_base_again(markets: Markets) -> None:
    path = path_of(markets.folder, "fr")
    adapters.write(low_rank("fr", 0), path)
    first = markets.scorer("fr")
    assert markets.scorer("fr") is first
    adapters.write(low_rank("fr", 1), path)
    second = markets.scorer("fr")
    path.unlink()

    assert second.score(KNOWN, at()) != first.score(KNOWN, at())
    assert second.model.networks[0].items.own.weight is markets.base.model.networks[0].items.own.weight
    assert markets.scorer("fr") is markets.base


def test_a_merged_change_is_the_product_and_nothing_else_changes(model: Model) -> None:
    change = low_rank("fr", 0)
    network, changed = model.networks[0], adapted(model, change).networks[0]
    expected = network.blocks[0].gate.weight + change.tensors[f"{LAYER}:up"] @ change.tensors[f"{LAYER}:down"]  # type: ignore[union-attr, operator]

    assert torch.equal(changed.blocks[0].gate.weight, expected)  # type: ignore[union-attr, arg-type]
    differing = {
        name for name, tensor in changed.state_dict().items() if not torch.equal(tensor, network.state_dict()[name])
    }
    assert differing == {"blocks.0.gate.weight", "heads.bias"}


def test_an_empty_prefix_and_a_closed_bottleneck_change_nothing(model: Model) -> None:
    before = Scorer(model).score(KNOWN, at())
    closed = {"0:blocks.0.back:detour_down": torch.randn(3, 16), "0:blocks.0.back:detour_up": torch.zeros(16, 3)}
    empty = {"0:blocks.0:keys": torch.zeros(2, 0, 8), "0:blocks.0:values": torch.zeros(2, 0, 8)}
    changed = adapted(model, Adapter(market="fr", method=Method.PREFIX, base="tiny-1", tensors=closed | empty))

    assert isinstance(changed.networks[0].blocks[0].back, Bottleneck)
    assert Scorer(changed).score(KNOWN, at()) == before


def test_adapters_of_others_and_what_is_no_adapter_are_refused(markets: Markets, tmp_path: Path) -> None:
    model, path = markets.base.model, path_of(markets.folder, "fr")
    adapters.write(low_rank("fr", 0, base="another"), path)
    with pytest.raises(ModelRejected, match="changes another, not tiny-1"):
        markets.scorer("fr")
    with pytest.raises(ModelRejected, match="is the adapter of market 'fr' of another"):
        check_adapters(markets.folder, "tiny-1")
    path.write_bytes(b"not safetensors")
    with pytest.raises(ModelRejected, match="is not an adapter"):
        markets.scorer("fr")
    whole = adapters.write(low_rank("de", 0), path).read_bytes()
    with pytest.raises(ModelRejected, match=r"is the adapter of market 'de', not of 'fr'"):
        markets.scorer("fr")
    with pytest.raises(ModelRejected, match="is the adapter of market 'de' of tiny-1"):
        check_adapters(markets.folder, "tiny-1")
    adapters.write(low_rank("fr", 0), path)
    check_adapters(markets.folder, "tiny-1")
    for changed in (whole[:-4], whole[:-1] + bytes([whole[-1] ^ 1])):
        path.write_bytes(changed)
        with pytest.raises(ModelRejected, match=r"is not the file that was written \(SHA-256 differs\); copy it again"):
            markets.scorer("fr")
    for tensors in (
        {"0:nowhere:bias": torch.zeros(6)},
        {"0:heads:bias": torch.zeros(5)},
        {"7:heads:bias": torch.zeros(6)},
    ):
        with pytest.raises(ModelRejected, match="does not fit the model"):
            adapted(model, Adapter(market="fr", method=Method.FULL, base="tiny-1", tensors=tensors))
    with pytest.raises(MarketName, match="letters, digits"):
        markets.scorer("../fr")
