"""WordPieces of a shop's own texts: its frequent words whole, frequent endings, and letters for the rest.

The library's own trainer breaks ties by the order of a hash table, so that equal texts would give other numbers.
"""

from collections import Counter
from collections.abc import Collection, Sequence

from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
from transformers import PreTrainedTokenizerFast

from scoring.seen.actions import Integers

SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
PAD, UNKNOWN, BEGIN, END, MASK = range(5)
FEWEST = 2
"""Times that an ending is used which has a number of its own."""
ENDINGS_SHARE = 0.1
"""Of the vocabulary."""
LONGEST_ENDING = 5
INSIDE = "##"


def train_tokenizer(
    texts: Sequence[str], size: int, most: int, people: Integers | None = None
) -> PreTrainedTokenizerFast:
    """As BERT's, lower case, of at most `size` pieces; texts are cut off after `most` tokens.

    A word that one of the `people` alone uses is spelled: it may be a name, and the vocabulary is kept.
    """
    normalizer, splitter = normalizers.BertNormalizer(lowercase=True), pre_tokenizers.BertPreTokenizer()
    counts: Counter[str] = Counter()
    first, shared = dict[str, int](), set[str]()
    for person, text in zip(range(len(texts)) if people is None else people.tolist(), texts, strict=True):
        words = [word for word, _ in splitter.pre_tokenize_str(normalizer.normalize_str(text))]
        counts.update(words)
        shared.update(word for word in words if first.setdefault(word, person) != person)
    pieces = Tokenizer(models.WordPiece(vocab=vocabulary(counts, shared, size), unk_token=SPECIAL[UNKNOWN]))
    pieces.normalizer, pieces.pre_tokenizer = normalizer, splitter
    pieces.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", BEGIN), ("[SEP]", END)]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=pieces, model_max_length=most, pad_token=SPECIAL[PAD], unk_token=SPECIAL[UNKNOWN],
        cls_token=SPECIAL[BEGIN], sep_token=SPECIAL[END], mask_token=SPECIAL[MASK],
    )  # fmt: skip


def vocabulary(counts: Counter[str], shared: Collection[str], size: int) -> dict[str, int]:
    """Pieces to numbers: special ones, letters, endings, words; the frequent first, then by the alphabet."""
    letters = sorted({letter for word in counts for letter in word})
    endings: Counter[str] = Counter()
    for word, count in counts.items():
        for length in range(2, min(LONGEST_ENDING, len(word) - 2) + 1):
            endings[INSIDE + word[-length:]] += count
    pieces = dict.fromkeys([*SPECIAL, *letters, *(INSIDE + letter for letter in letters)])
    words = Counter({word: counts[word] for word in shared})
    for found, share in ((endings, ENDINGS_SHARE), (words, 1.0)):
        room = max(0, round((size - len(pieces)) * share))
        frequent = sorted((piece for piece in found if found[piece] >= FEWEST), key=lambda each: (-found[each], each))
        pieces |= dict.fromkeys([piece for piece in frequent if piece not in pieces][:room])
    return {piece: number for number, piece in enumerate(pieces)}
