"""Prediction of pairs of nodes by a trained net."""

from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from skattn._batch import PairCollator
from skattn._training._finite import check_outputs
from skattn._training._net import AttentionNet
from skattn._training._objectives import encode
from skattn._training._pair_objective import decode
from skattn.graph import Graph
from skattn.graph._pair_features import PairFeatures
from skattn.graph._pair_keys import Pairs

Encoded = tuple[PairFeatures, Tensor]
"""Pair features of a graph, and the codes of all nodes."""


def pair_outputs(
    net: AttentionNet,
    collator: PairCollator,
    graph: Graph,
    pairs: Pairs,
    row_features: NDArray[np.float32],
) -> Tensor:
    """Compute the outputs of pairs in a graph, (n_pairs, n_outputs).

    The net is in evaluation mode, on the device of the collator.
    """
    with torch.no_grad():
        encoded = _encoded(net, collator, graph)
        return _decoded(net, collator, encoded, pairs, row_features)


def _encoded(net: AttentionNet, collator: PairCollator, graph: Graph) -> Encoded:
    """Compute the pair features of a graph and the codes of its nodes."""
    codes = encode(net.module_, collator.batch(graph))
    return collator.context.pair_features(graph), codes


def _decoded(
    net: AttentionNet,
    collator: PairCollator,
    encoded: Encoded,
    pairs: Pairs,
    row_features: NDArray[np.float32],
) -> Tensor:
    """Compute the outputs of pairs, (n_pairs, n_outputs)."""
    structure, codes = encoded
    features = collator.described(structure, pairs, row_features)
    return decode(net.module_, codes, collator.ends(pairs), features)


@dataclass(frozen=True, eq=False)
class PairPrediction:
    """Outputs of pairs: known pairs in parts, each in the graph without its part.

    The graph without a part is encoded once, however often it is asked.
    """

    net: AttentionNet
    """Trained net."""
    collator: PairCollator
    """Conversion of pairs to batches."""

    def __call__(self, pairs: Pairs, row_features: NDArray[np.float32]) -> np.ndarray:
        """Compute the outputs of pairs, (n_pairs, n_outputs).

        `row_features` are standardised, (n_pairs, n_row_features).

        Raises
        ------
        ValueError
            If an output is not finite.
        """
        fold = self.collator.context.folds(pairs)
        order, outputs = [], []
        with torch.no_grad():
            for part in np.unique(fold).tolist():
                here = np.flatnonzero(fold == part)
                found = _decoded(
                    self.net,
                    self.collator,
                    self._encoded(part),
                    pairs[here],
                    row_features[here],
                )
                outputs.append(found.cpu())
                order.append(here)
        computed = torch.cat(outputs).numpy()
        ordered = np.empty_like(computed)
        ordered[np.concatenate(order)] = computed
        check_outputs(ordered)
        return ordered

    @cached_property
    def _encoded(self) -> Any:
        """Function of a part that returns pair features, and the codes of all nodes."""
        return cache(self._encode)

    def _encode(self, part: int) -> Encoded:
        self.net.move_to(self.collator.device)
        self.net._set_training(False)
        graph = self.collator.context.without_fold(part)
        return _encoded(self.net, self.collator, graph)
