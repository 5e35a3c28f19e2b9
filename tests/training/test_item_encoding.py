"""What encoders make of items' texts and pictures reaches the network; what is missing is learned, not invented."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import torch
from made.histories import AS_OF, NOW, random_shop
from networks.small_training import ASKED, SMALL, course
from PIL import ExifTags, Image
from transformers import BertConfig, BertModel, ConvNextConfig, ConvNextModel, ViTConfig, ViTModel
from transformers.models.vit.image_processing_pil_vit import ViTImageProcessorPil
from typer.testing import CliRunner

from admin.command_line import main
from scoring.folders import folder
from scoring.folders.manifest import read_manifest
from scoring.model import ItemVectors, item_words
from scoring.networks.network import Architecture, Encoded, Network
from scoring.scorer import Scorer
from scoring.seen.catalogue import Catalogue
from training.encoders import vector_cache
from training.encoders.item_encoding import Modality, item_texts, placed
from training.encoders.pretrained import EncoderRefused
from training.encoders.vector_cache import TOGETHER, VectorCache
from training.fit import fit
from training.pictures.files import PicturesNotUsable, opened, pictures_of
from training.pictures.tower import PictureTower
from training.progress import Progress, silence

pytestmark = pytest.mark.usefixtures("home")

CATALOGUE = Catalogue(("a", "b", "c/1"), ("Oak Lamp", None, None), ("Home|Light", "Home|Rugs", None))
SIDE = 16


def lengths(texts: Sequence[str]) -> ItemVectors:
    """An encoder that counts letters."""
    return np.array([[len(text), 1.0] for text in texts], dtype=np.float32).reshape(len(texts), 2)


def lengths_of_items(catalogue: Catalogue, tell: Progress = silence) -> ItemVectors:
    tell("texts of items", 1, 1)
    places = [place for place, text in enumerate(item_texts(catalogue)) if text is not None]
    return placed(catalogue, places, lengths([text for text in item_texts(catalogue) if text is not None]))


def colour_of(path: Path, colour: str) -> Path:
    path.parent.mkdir(exist_ok=True)
    Image.new("RGB", (20, 30), colour).save(path)
    return path


@pytest.fixture(scope="module")
def vision(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A vision Transformer of toy size, as its library writes it."""
    torch.manual_seed(0)
    made = tmp_path_factory.mktemp("vision")
    shape = ViTConfig(
        hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16, image_size=SIDE, patch_size=8
    )
    ViTModel(shape, add_pooling_layer=False).save_pretrained(made)
    ViTImageProcessorPil(size={"height": SIDE, "width": SIDE}).save_pretrained(made)
    return made


def test_items_are_told_by_title_and_category_and_those_without_text_are_zeros() -> None:
    assert item_texts(CATALOGUE) == ("Oak Lamp. Home, Light", "Home, Rugs", None)
    assert lengths_of_items(CATALOGUE).tolist() == [[0, 0], [0, 0], [21, 1], [10, 1], [0, 0]]


def test_each_modality_has_a_learned_vector_for_items_that_lack_it() -> None:
    shape = Architecture(features=3, items=5, width=16, layers=1, heads=2)
    seen = placed(CATALOGUE, [1], np.array([[3.0, 4.0, 5.0]], dtype=np.float32))
    encoded = {"text": torch.from_numpy(lengths_of_items(CATALOGUE)), "picture": torch.from_numpy(seen)}
    torch.manual_seed(0)
    items = Network(shape, item_words(CATALOGUE), encoded).items
    picture, text = (each for each in items.encoded.values() if isinstance(each, Encoded))
    with torch.no_grad():
        text.missing.fill_(1.0)
        picture.missing.fill_(2.0)
        items.own.weight.zero_()
        items.words.weight.zero_()
        nothing, unknown, lamp, rug, bare = items(torch.arange(5))
        told, seen_as = text(torch.arange(5)), picture(torch.arange(5))

    assert nothing.tolist() == [0.0] * 16
    assert unknown.tolist() == bare.tolist() == [3.0] * 16
    assert torch.allclose(lamp, told[2] + 2.0)
    assert torch.allclose(rug, told[3] + seen_as[3])


def test_a_model_with_encoders_answers_from_its_folder_alone(tmp_path: Path) -> None:
    shop = random_shop(80, seed=3)
    titles = shop.select("item_id").unique().drop_nulls().sort("item_id")
    items = titles.with_columns(title="item_id", category="item_id")
    known = course(shop)
    short = replace(SMALL, max_epochs=1, item_encoders="counts")
    model = fit(
        replace(ASKED, events=shop, items=items, configuration=short, encoders={Modality.TEXT: lengths_of_items}),
        tmp_path / "c",
    )
    read = Scorer.load(folder.write(model, tmp_path / "model"))

    histories = known.tokens.actions.histories
    as_of = np.full(len(histories), NOW)
    assert read.score(histories, as_of) == Scorer(model).score(histories, as_of)
    assert list(model.networks[0].items.encoded) == ["text"]
    assert read.manifest["configuration"]["item_encoders"] == "counts"


def test_a_thing_is_computed_once_by_each_encoder(tmp_path: Path) -> None:
    asked: list[str] = []

    def compute(texts: Sequence[str]) -> ItemVectors:
        asked.extend(texts)
        return lengths(texts)

    cache = VectorCache(tmp_path)
    first = cache.vectors("bert", ["one", "three", "one"], str.encode, compute)
    again = VectorCache(tmp_path).vectors("bert", ["three", "fourteen"], str.encode, compute)

    assert first.tolist() == [[3, 1], [5, 1], [3, 1]]
    assert again.tolist() == [[5, 1], [8, 1]]
    assert asked == ["one", "three", "fourteen"]
    assert cache.vectors("other", ["one"], str.encode, compute).tolist() == [[3, 1]]
    assert asked[-1] == "one"


def test_items_with_a_picture_are_seen_and_the_others_are_zeros(tmp_path: Path, vision: Path) -> None:
    colour_of(tmp_path / "shop" / "a.png", "red")
    colour_of(tmp_path / "shop" / "c%2F1.JPG", "blue")
    colour_of(tmp_path / "shop" / "sold-out.webp", "green")
    tower = PictureTower.of(tmp_path / "shop", str(vision), tmp_path / "cache")

    vectors = tower(CATALOGUE, silence)

    assert vectors.shape == (5, 8)
    assert np.linalg.norm(vectors, axis=1).round(5).tolist() == [0, 0, 1, 0, 1]
    assert not np.array_equal(vectors[2], vectors[4])
    colour_of(tmp_path / "shop" / "a.png", "blue")
    assert np.allclose(tower(CATALOGUE, silence)[2], tower(CATALOGUE, silence)[4], atol=1e-2)


def test_an_encoder_that_keeps_a_map_of_places_is_averaged_over_them(tmp_path: Path) -> None:
    torch.manual_seed(0)
    ConvNextModel(ConvNextConfig(hidden_sizes=[4, 4, 6, 6], depths=[1, 1, 1, 1])).save_pretrained(tmp_path / "net")
    ViTImageProcessorPil(size={"height": 32, "width": 32}).save_pretrained(tmp_path / "net")
    colour_of(tmp_path / "shop" / "a.png", "red")

    assert PictureTower.of(tmp_path / "shop", str(tmp_path / "net"), tmp_path / "cache")(CATALOGUE, silence).shape == (
        5,
        6,
    )


def test_what_was_computed_is_kept_when_the_next_cannot_be(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    texts = [f"text {number}" for number in range(TOGETHER + 1)]
    asked: list[str] = []

    def dies(texts: Sequence[str]) -> ItemVectors:
        if asked:
            raise KeyboardInterrupt
        asked.extend(texts)
        return lengths(texts)

    def goes_on(texts: Sequence[str]) -> ItemVectors:
        asked.extend(texts)
        return lengths(texts)

    cache = VectorCache(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        cache.vectors("bert", texts, str.encode, dies)
    again = cache.vectors("bert", texts, str.encode, goes_on, lambda *far: told.append(far))

    assert np.array_equal(again, lengths(texts))
    assert (asked, told) == (texts, [(1, 1)])
    (tmp_path / "bert.parquet").write_bytes(b"PAR1, cut off")
    assert np.array_equal(cache.vectors("bert", texts[:1], str.encode, lengths), lengths(texts[:1]))


def test_the_whole_file_is_written_only_where_it_grew_by_an_eighth(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vector_cache, "TOGETHER", 1)
    kept = tmp_path / "bert.parquet"
    sizes: list[int] = []

    def noted(texts: Sequence[str]) -> ItemVectors:
        sizes.append(pl.read_parquet(kept).height if kept.exists() else 0)
        return lengths(texts)

    texts = [f"text {number}" for number in range(20)]
    VectorCache(tmp_path).vectors("bert", texts, str.encode, noted)

    assert sizes == [*range(10), 9, *[11] * 2, *[13] * 2, *[15] * 2, *[17] * 3]
    assert pl.read_parquet(kept).height == 20


def test_pictures_are_seen_as_a_shop_shows_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clear = Image.new("RGBA", (4, 2), (0, 0, 0, 0))
    clear.putpixel((0, 0), (255, 0, 0, 255))
    clear.save(tmp_path / "clear.png")
    clear.convert("P").save(tmp_path / "palette.png")
    Image.fromarray(np.full((2, 4), 0x80_00, dtype=np.uint16)).save(tmp_path / "deep.png")
    turned = Image.Exif()
    turned[ExifTags.Base.Orientation] = 6
    Image.new("RGB", (4, 2), "blue").save(tmp_path / "turned.jpg", exif=turned)
    Image.new("CMYK", (4, 2), (0, 255, 255, 0)).save(tmp_path / "print.jpg")
    reel = [Image.new("RGB", (4, 2), colour) for colour in ("red", "blue")]
    reel[0].save(tmp_path / "moving.webp", save_all=True, append_images=reel[1:], lossless=True)
    Image.new("L", (4, 2), 7).save(tmp_path / "gray.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 7)

    def seen(name: str) -> tuple[object, ...]:
        picture = opened(tmp_path / name)
        return picture.mode, picture.size, picture.getpixel((0, 0)), picture.getpixel((1, 1))

    assert seen("clear.png") == seen("palette.png") == ("RGB", (4, 2), (255, 0, 0), (255, 255, 255))
    assert seen("deep.png") == ("RGB", (4, 2), (128,) * 3, (128,) * 3)
    assert seen("turned.jpg")[1] == (2, 4)
    assert seen("print.jpg")[2] == (255, 0, 0)
    assert seen("moving.webp")[2] == (255, 0, 0)
    assert seen("gray.png")[2] == (7, 7, 7)


def test_the_first_of_two_pictures_of_an_item_is_taken(tmp_path: Path) -> None:
    first = colour_of(tmp_path / "shop" / "a.jpg", "red")
    colour_of(tmp_path / "shop" / "a.png", "blue")

    assert pictures_of(tmp_path / "shop") == {"a": first}


def test_what_is_no_picture_is_named(tmp_path: Path, vision: Path) -> None:
    (tmp_path / "shop").mkdir()
    with pytest.raises(PicturesNotUsable, match="shop has no pictures"):
        pictures_of(tmp_path / "shop")
    (tmp_path / "shop" / "a.png").write_bytes(b"GIF89a, and not a PNG")
    with pytest.raises(PicturesNotUsable, match=r"a\.png is no picture that can be read"):
        PictureTower.of(tmp_path / "shop", str(vision), tmp_path / "cache")(CATALOGUE, silence)
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "modeling.py").write_text("print('hello')")
    with pytest.raises(EncoderRefused, match=r"modeling\.py is code"):
        PictureTower.of(tmp_path / "shop", str(tmp_path / "code"), tmp_path / "cache")


def test_pictures_of_no_item_and_an_encoder_of_texts_are_refused(tmp_path: Path, vision: Path) -> None:
    colour_of(tmp_path / "shop" / "oak-lamp.png", "red")
    with pytest.raises(PicturesNotUsable, match=r"oak-lamp\.png and all beside it are of no item"):
        PictureTower.of(tmp_path / "shop", str(vision), tmp_path / "cache")(CATALOGUE, silence)

    texts = tmp_path / "texts"
    shape = BertConfig(hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=8, vocab_size=9)
    BertModel(shape).save_pretrained(texts)
    (texts / "preprocessor_config.json").write_bytes((vision / "preprocessor_config.json").read_bytes())
    with pytest.raises(EncoderRefused, match=r"texts sees no pictures \(.*\); name a vision model"):
        PictureTower.of(tmp_path / "shop", str(texts), tmp_path / "cache")


def test_the_command_trains_with_pictures_and_refuses_half_of_what_it_needs(tmp_path: Path, vision: Path) -> None:
    shop = random_shop(80, seed=3)
    shop.write_parquet(tmp_path / "events.parquet")
    for number, item_id in enumerate(shop["item_id"].drop_nulls().unique().sort()):
        if number % 2:
            colour_of(tmp_path / "shop" / f"{item_id}.png", "red")
    pl.DataFrame({"item_id": ["item-1"], "title": ["Oak Lamp"]}).write_parquet(tmp_path / "items.parquet")
    train = [
        "train", "--events", str(tmp_path / "events.parquet"), "--as-of", AS_OF.isoformat(), "--epochs", "1",
        "--pictures", str(tmp_path / "shop"), "--out", str(tmp_path / "model"),
    ]  # fmt: skip

    half = CliRunner().invoke(main, train)
    assert (half.exit_code, (tmp_path / "model").exists()) == (2, False)
    assert "--pictures and --picture-encoder go together" in half.output
    whole = CliRunner().invoke(main, [*train, "--picture-encoder", str(vision), "--json"])

    assert whole.exit_code == 0, whole.output
    assert read_manifest(tmp_path / "model")["configuration"]["item_encoders"] is not None
    assert list(Scorer.load(tmp_path / "model").model.networks[0].items.encoded) == ["picture"]
