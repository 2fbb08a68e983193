"""How a network is trained: the only room that knows skorch."""

from skattn.training._available import available_bytes
from skattn.training._callbacks import TaskReport
from skattn.training._device import resolve_device
from skattn.training._goal import Goal, Loss
from skattn.training._memory import check_memory, estimate_step_bytes
from skattn.training._net import AttentionNet
from skattn.training._task import BlockTask, SampledTask, Task, Tasks
from skattn.training._train import (
    RESERVED,
    Design,
    Training,
    describe_net,
    predict,
    restore_net,
    train,
    train_autoencoder,
)

__all__ = [
    "RESERVED",
    "AttentionNet",
    "BlockTask",
    "Design",
    "Goal",
    "Loss",
    "SampledTask",
    "Task",
    "TaskReport",
    "Tasks",
    "Training",
    "available_bytes",
    "check_memory",
    "describe_net",
    "estimate_step_bytes",
    "predict",
    "resolve_device",
    "restore_net",
    "train",
    "train_autoencoder",
]
