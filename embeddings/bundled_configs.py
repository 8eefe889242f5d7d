"""The JSON files of the bundled model's folder, as transformers and sentence-transformers read them."""

from typing import Any

from embeddings import charsmap
from embeddings.packed_weights import PackedWeights

QUERY_PREFIX, PASSAGE_PREFIX = "query: ", "passage: "
SPECIAL_TOKENS = {"<s>": 0, "<pad>": 1, "</s>": 2, "<unk>": 3}
MASK = "<mask>"


def configs(packed: PackedWeights) -> dict[str, Any]:
    """File name -> content of every JSON file that the folder needs beside its weights."""
    return {
        "config.json": _model(packed),
        "tokenizer.json": _tokenizer(packed),
        "tokenizer_config.json": _tokenizer_settings(packed),
        "special_tokens_map.json": _special_tokens(),
        "modules.json": [
            {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
            {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
            {"idx": 2, "name": "2", "path": "2_Normalize", "type": "sentence_transformers.models.Normalize"},
        ],
        # The hub's model has BERT's pooler, the packed one not; mean pooling uses neither.
        "sentence_bert_config.json": {
            "max_seq_length": packed.layout.positions,
            "do_lower_case": False,
            "model_args": {"add_pooling_layer": False},
        },
        "1_Pooling/config.json": {
            "word_embedding_dimension": packed.layout.hidden,
            "pooling_mode_cls_token": False,
            "pooling_mode_mean_tokens": True,
        },
        "2_Normalize/config.json": {},
        "config_sentence_transformers.json": {
            # encode_document() takes "document" before "passage", and an absent one as empty.
            "prompts": {"query": QUERY_PREFIX, "passage": PASSAGE_PREFIX, "document": PASSAGE_PREFIX},
            "default_prompt_name": None,
            "similarity_fn_name": "cosine",
        },
    }


def _model(packed: PackedWeights) -> dict[str, Any]:
    layout = packed.layout
    return {
        "architectures": ["BertModel"],
        "model_type": "bert",
        "hidden_act": "gelu",
        "hidden_size": layout.hidden,
        "num_hidden_layers": layout.layers,
        "num_attention_heads": layout.heads,
        "intermediate_size": layout.feed_forward,
        "vocab_size": layout.vocabulary,
        "max_position_embeddings": layout.positions,
        "position_embedding_type": "absolute",
        "type_vocab_size": layout.token_types,
        "layer_norm_eps": layout.epsilon,
        "attention_probs_dropout_prob": 0.1,
        "hidden_dropout_prob": 0.1,
        "initializer_range": 0.02,
        "pad_token_id": SPECIAL_TOKENS["<pad>"],
        "dtype": "float32",
    }


def _tokenizer(packed: PackedWeights) -> dict[str, Any]:
    """XLM-R's Unigram tokenizer with the packed file's own character map.

    That map replaces single characters only, where the model's original one composes too: without NFC before it a
    decomposed Vietnamese text (as PDFs and macOS file names have it) kept a cosine of 0.91 to its composed form.
    """
    special = SPECIAL_TOKENS | {MASK: packed.pieces.index(MASK)}
    flags = {"single_word": False, "rstrip": False, "normalized": False, "special": True}
    metaspace = {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": True}
    start, end = ({"SpecialToken": {"id": token, "type_id": 0}} for token in ("<s>", "</s>"))
    first, second = ({"Sequence": {"id": name, "type_id": 0}} for name in ("A", "B"))
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [
            {"id": id_, "content": token, "lstrip": token == MASK, **flags} for token, id_ in special.items()
        ],
        "normalizer": {"type": "Sequence", "normalizers": [{"type": "NFC"}, charsmap.normaliser(packed.characters)]},
        "pre_tokenizer": metaspace,
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [start, first, end],
            "pair": [start, first, end, end, second, end],
            "special_tokens": {
                token: {"id": token, "ids": [special[token]], "tokens": [token]} for token in ("<s>", "</s>")
            },
        },
        "decoder": metaspace,
        "model": {
            "type": "Unigram",
            "unk_id": special["<unk>"],
            "vocab": [[piece, score] for piece, score in zip(packed.pieces, packed.scores, strict=True)],
            "byte_fallback": False,
        },
    }


def _tokenizer_settings(packed: PackedWeights) -> dict[str, Any]:
    return {
        # The plain class takes tokenizer.json as it stands; XLMRobertaTokenizer would put its own pipeline in place.
        "tokenizer_class": "PreTrainedTokenizerFast",
        "model_max_length": packed.layout.positions,
        "clean_up_tokenization_spaces": False,
        **_special_tokens(),
    }


def _special_tokens() -> dict[str, str]:
    return {
        "bos_token": "<s>",
        "cls_token": "<s>",
        "eos_token": "</s>",
        "sep_token": "</s>",
        "pad_token": "<pad>",
        "unk_token": "<unk>",
        "mask_token": MASK,
    }
