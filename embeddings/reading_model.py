"""The network of the second stage: it reads a question beside a passage, says whether it answers, and points where."""

import copy
from typing import Any

from torch import Tensor, nn
from transformers import BatchEncoding, BertModel


class ReadingModel(nn.Module):
    """The first `layers` layers of an encoder under two heads: one number a pair and one number a token.

    The pointer follows the shared normalisation of Clark and Gardner (2018, arXiv:1710.10723): its numbers can be
    compared between the passages of a question.
    """

    def __init__(self, config: Any, layers: int) -> None:
        super().__init__()
        config = copy.deepcopy(config)
        config.num_hidden_layers = layers
        self.bert = BertModel(config)
        self.classifier = nn.Linear(config.hidden_size, 1)
        self.pointer = nn.Linear(config.hidden_size, 1)

    def forward(self, tokens: BatchEncoding) -> tuple[Tensor, Tensor]:
        """Log-odds that each passage answers, shape [pairs]; pointer numbers, shape [pairs, tokens]; in float32."""
        read = self.bert(**tokens)
        answers = self.classifier(read.pooler_output)[:, 0]
        return answers.float(), self.pointer(read.last_hidden_state)[:, :, 0].float()


def passage_tokens(tokens: BatchEncoding, pair: int) -> list[tuple[int, tuple[int, int]]]:
    """The tokens of a pair that lie in its passage, each with its characters there."""
    encoding = tokens.encodings[pair]  # type: ignore[index]
    return [
        (position, offsets)
        for position, (sequence, offsets) in enumerate(zip(encoding.sequence_ids, encoding.offsets, strict=True))
        if sequence == 1
    ]
