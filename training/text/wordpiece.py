"""WordPieces of a shop's own texts: its frequent words whole, frequent endings, and letters for the rest.

The library's own trainer breaks ties by the order of a hash table, so that equal texts would give other numbers.
"""

from collections import Counter
from collections.abc import Sequence

from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
from transformers import PreTrainedTokenizerFast

SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
PAD, UNKNOWN, BEGIN, END, MASK = range(5)
FEWEST = 2
"""Times that a word or an ending is used which has a number of its own."""
ENDINGS_SHARE = 0.1
"""Of the vocabulary."""
LONGEST_ENDING = 5
INSIDE = "##"


def train_tokenizer(texts: Sequence[str], size: int, most: int) -> PreTrainedTokenizerFast:
    """As BERT's, lower case, of at most `size` pieces; texts are cut off after `most` tokens."""
    normalizer, splitter = normalizers.BertNormalizer(lowercase=True), pre_tokenizers.BertPreTokenizer()
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update(word for word, _ in splitter.pre_tokenize_str(normalizer.normalize_str(text)))
    pieces = Tokenizer(models.WordPiece(vocab=vocabulary(counts, size), unk_token=SPECIAL[UNKNOWN]))
    pieces.normalizer, pieces.pre_tokenizer = normalizer, splitter
    pieces.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", BEGIN), ("[SEP]", END)]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=pieces, model_max_length=most, pad_token=SPECIAL[PAD], unk_token=SPECIAL[UNKNOWN],
        cls_token=SPECIAL[BEGIN], sep_token=SPECIAL[END], mask_token=SPECIAL[MASK],
    )  # fmt: skip


def vocabulary(counts: Counter[str], size: int) -> dict[str, int]:
    """Pieces to numbers: special ones, letters, endings, words; the frequent first, then by the alphabet."""
    letters = sorted({letter for word in counts for letter in word})
    endings: Counter[str] = Counter()
    for word, count in counts.items():
        for length in range(2, min(LONGEST_ENDING, len(word) - 2) + 1):
            endings[INSIDE + word[-length:]] += count
    pieces = dict.fromkeys([*SPECIAL, *letters, *(INSIDE + letter for letter in letters)])
    for found, share in ((endings, ENDINGS_SHARE), (counts, 1.0)):
        room = max(0, round((size - len(pieces)) * share))
        frequent = sorted((piece for piece in found if found[piece] >= FEWEST), key=lambda each: (-found[each], each))
        pieces |= dict.fromkeys([piece for piece in frequent if piece not in pieces][:room])
    return {piece: number for number, piece in enumerate(pieces)}
