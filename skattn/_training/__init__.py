"""How a network is trained: the only room that knows skorch."""

from skattn._training._available import available_bytes
from skattn._training._batch_source import (
    FullGraph,
    GraphBatches,
    SampledBatches,
    TrainingData,
)
from skattn._training._callbacks import TaskReport
from skattn._training._device import resolve_device
from skattn._training._labels import Labels, Loss
from skattn._training._memory import check_memory, estimate_step_bytes
from skattn._training._net import AttentionNet
from skattn._training._train import (
    RESERVED,
    NetConfig,
    Training,
    net_from_state,
    net_state,
    predict,
    train,
    train_autoencoder,
)

__all__ = [
    "RESERVED",
    "AttentionNet",
    "FullGraph",
    "GraphBatches",
    "Labels",
    "Loss",
    "NetConfig",
    "SampledBatches",
    "TaskReport",
    "Training",
    "TrainingData",
    "available_bytes",
    "check_memory",
    "estimate_step_bytes",
    "net_from_state",
    "net_state",
    "predict",
    "resolve_device",
    "train",
    "train_autoencoder",
]
