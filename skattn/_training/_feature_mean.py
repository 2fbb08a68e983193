"""Mean of the node features of a batch source."""

import torch
from torch import Tensor

from skattn._training._batch_source import BatchSource
from skattn._training._sampled_batches import SampledBatches
from skattn.ops import SparseMatrix

_ROWS_PER_BLOCK = 1 << 14


def feature_mean(source: BatchSource) -> Tensor:
    """Compute the mean of each column over all nodes, (n_features,) float32.

    In float64, in blocks of rows: features may be mapped from a file.
    """
    x = source.whole.x
    total = torch.zeros(source.n_features, dtype=torch.float64)
    if isinstance(x, SparseMatrix):
        values = x.values.cpu().double()
        total.index_add_(0, x.edges.senders.cpu().long(), values)
    else:
        for block in x.split(_ROWS_PER_BLOCK):
            total += block.cpu().double().sum(0)
    mean = total / max(len(x), 1)
    if isinstance(source, SampledBatches) and source.sampler.feature_scaling:
        scaled = source.sampler.feature_scaling.apply(mean[None].numpy())
        mean = torch.from_numpy(scaled[0])
    return mean.float()
