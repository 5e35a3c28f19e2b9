"""Encoders are read as they come: short ones, those without padding, in half precision, of other labels."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from small_texts import TINY, reviews
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import (
    BertConfig,
    BertForSequenceClassification,
    BertModel,
    DistilBertConfig,
    DistilBertModel,
    GPT2Config,
    GPT2LMHeadModel,
    PreTrainedTokenizerFast,
    RobertaConfig,
    RobertaModel,
    T5Config,
    T5Model,
)

from scoring.adapters import Method
from training.encoders.pretrained import EncoderRefused
from training.encoders.vector_cache import VectorCache
from training.text import classifier_folder
from training.text.classifier import teach
from training.text.documents import Parts, parts_at_random
from training.text.encoder import load_classifier, load_encoder, new_classifier
from training.text.steps import Diverged
from training.text.tower import Tower

WORDS = ("<s>", "<pad>", "</s>", "<unk>")
SHORT = 9
"""Tokens that an encoder reads, of reviews of up to twelve."""


def byte_pairs(*, padded: bool) -> PreTrainedTokenizerFast:
    """As RoBERTa's, or as GPT-2's, which marks neither begin nor end and has nothing to pad with."""
    pieces = Tokenizer(models.BPE())
    pieces.pre_tokenizer, pieces.decoder = pre_tokenizers.ByteLevel(add_prefix_space=False), decoders.ByteLevel()
    letters = pre_tokenizers.ByteLevel.alphabet()
    pieces.train_from_iterator(
        reviews().texts, trainers.BpeTrainer(vocab_size=320, special_tokens=list(WORDS), initial_alphabet=letters)
    )
    if not padded:
        return PreTrainedTokenizerFast(tokenizer_object=pieces, eos_token="</s>")
    marks = [("<s>", 0), ("</s>", 2)]
    pieces.post_processor = processors.TemplateProcessing(single="<s> $A </s>", special_tokens=marks)
    return PreTrainedTokenizerFast(
        tokenizer_object=pieces, bos_token="<s>", eos_token="</s>", pad_token="<pad>", unk_token="<unk>"
    )


def bert(**shape: Any) -> BertConfig:  # noqa: ANN401  # the library's own options
    """Of toy size."""
    asked = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32} | shape
    return BertConfig(vocab_size=320, pad_token_id=1, **asked)


def kept(folder: Path, model: Any, *, padded: bool = True) -> Path:  # noqa: ANN401  # the library's types
    """As the library writes them."""
    model.save_pretrained(folder)
    byte_pairs(padded=padded).save_pretrained(folder)
    return folder


MADE = {
    "one that reads few tokens": lambda: BertModel(bert(max_position_embeddings=SHORT)),
    "RoBERTa, whose positions begin behind padding": lambda: RobertaModel(
        RobertaConfig(**bert(max_position_embeddings=SHORT + 2).to_dict() | {"type_vocab_size": 1})
    ),
    "GPT-2, without a token that pads": lambda: GPT2LMHeadModel(
        GPT2Config(vocab_size=320, n_embd=16, n_layer=1, n_head=2, n_positions=SHORT, bos_token_id=2, eos_token_id=2)
    ),
    "one in half precision": lambda: BertModel(bert()).half(),
    "one of three other labels": lambda: BertForSequenceClassification(bert(num_labels=3)),
    "DistilBERT, whose parts peft does not know": lambda: DistilBertModel(
        DistilBertConfig(vocab_size=320, dim=16, n_layers=1, n_heads=2, hidden_dim=32, pad_token_id=1)
    ),
    "T5, which writes, too": lambda: T5Model(
        T5Config(
            vocab_size=320, d_model=16, d_kv=8, d_ff=32, num_layers=1, num_heads=2, pad_token_id=1, eos_token_id=2,
            decoder_start_token_id=1,
        )
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def parts() -> Parts:
    return parts_at_random(reviews(60), ("bad", "good"), 0)


@pytest.mark.parametrize("kind", MADE)
def test_an_encoder_is_taught_kept_and_gives_vectors(kind: str, parts: Parts, tmp_path: Path) -> None:
    torch.manual_seed(1)
    folder = kept(tmp_path / "encoder", MADE[kind](), padded="without" not in kind)
    recipe = replace(TINY, tokens=64, encoder=str(folder), epochs=1, ngrams=False, learning_rate=1e-3)
    texts = parts.test.texts

    taught = teach(parts, recipe, seed=0, progress=lambda *_: None)
    written = classifier_folder.write(taught, parts, recipe, seed=0, folder=tmp_path / "model")
    vectors = Tower(load_encoder(str(folder), "cpu"), 64, VectorCache(tmp_path / "cache")).vectors([*texts, "", "灯"])

    chances = taught.classifier.chances(texts)
    assert np.exp(chances).sum(axis=1) == pytest.approx(1.0)
    assert classifier_folder.read(written).chances(texts) == pytest.approx(chances, abs=1e-6)
    assert {tensor.dtype for tensor in taught.classifier.encoder.model.state_dict().values()} == {torch.float32}
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1.0, abs=1e-5)


@pytest.mark.parametrize("method", [Method.LORA, Method.ADALORA, Method.IA3])
@pytest.mark.parametrize(
    "kind", ["DistilBERT, whose parts peft does not know", "RoBERTa, whose positions begin behind padding"]
)
def test_few_numbers_learn_in_encoders_with_heads_of_several_parts(
    kind: str, method: Method, parts: Parts, tmp_path: Path
) -> None:
    folder = kept(tmp_path / "encoder", MADE[kind]())
    before = new_classifier(str(folder), 2, 0).model
    recipe = replace(TINY, encoder=str(folder), method=method, rank=2, ngrams=False, epochs=1, graft_learning_rate=2e-2)

    after = teach(parts, recipe, seed=0, progress=lambda *_: None).classifier.encoder.model

    old, new = before.state_dict(), after.state_dict()
    assert set(old) == set(new)
    body = before.base_model_prefix
    assert all(not torch.equal(old[name], new[name]) for name in old if not name.startswith(body))
    assert any(not torch.equal(old[name], new[name]) for name in old if name.startswith(body))
    assert all(torch.equal(old[name], new[name]) for name in old if "LayerNorm" in name or "embeddings" in name)


def test_a_rate_that_is_too_high_is_told_and_nothing_is_kept(parts: Parts, tmp_path: Path) -> None:
    recipe = replace(TINY, encoder=str(kept(tmp_path / "encoder", BertModel(bert()))), learning_rate=1e30)

    with pytest.raises(Diverged, match=r"labels: the loss is (nan|inf) at step \d+; choose a lower rate than 1e\+30"):
        teach(parts, recipe, seed=0, progress=lambda *_: None)


def test_equal_seeds_draw_equal_heads_and_others_another(tmp_path: Path) -> None:
    folder = str(kept(tmp_path / "encoder", BertModel(bert())))
    first, again, other = (new_classifier(folder, 2, seed).model.classifier.weight for seed in (0, 0, 1))

    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_a_folder_whose_parts_do_not_belong_together_is_refused(tmp_path: Path) -> None:
    whole = kept(tmp_path / "encoder", BertModel(bert()))
    weights = (whole / "model.safetensors").read_bytes()
    with pytest.raises(EncoderRefused, match=r"config\.json is a file; name the folder"):
        load_encoder(str(whole / "config.json"), "cpu")
    with pytest.raises(EncoderRefused, match=r"not those of its configuration: 2 are missing .* classifier\.bias"):
        load_classifier(str(whole), 2)
    config = json.loads((whole / "config.json").read_bytes())
    (whole / "config.json").write_text(json.dumps(config | {"num_hidden_layers": 2}))
    with pytest.raises(EncoderRefused, match=r"16 are missing or of another size, such as encoder\.layer\.1\."):
        load_encoder(str(whole), "cpu")
    (whole / "config.json").write_text(json.dumps(config))
    (whole / "model.safetensors").write_bytes(weights[:100])
    with pytest.raises(EncoderRefused, match="Error while deserializing header"):
        load_encoder(str(whole), "cpu")
    other = kept(tmp_path / "other", BertModel(BertConfig(**bert().to_dict() | {"vocab_size": 200})))
    with pytest.raises(EncoderRefused, match="320 words and the model knows 200: they do not belong together"):
        load_encoder(str(other), "cpu")
    (other / "tokenizer.json").unlink()
    (other / "tokenizer_config.json").unlink()
    with pytest.raises(EncoderRefused, match="no tokenizer, or an empty one"):
        load_encoder(str(other), "cpu")
