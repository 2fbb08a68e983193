"""How a network is trained: the only room that knows skorch."""

from skattn.training._callbacks import TaskReport
from skattn.training._device import resolve_device
from skattn.training._goal import Goal, Loss
from skattn.training._net import AttentionNet
from skattn.training._train import (
    RESERVED,
    Task,
    Training,
    describe_net,
    predict,
    restore_net,
    train,
)

__all__ = [
    "RESERVED",
    "AttentionNet",
    "Goal",
    "Loss",
    "Task",
    "TaskReport",
    "Training",
    "describe_net",
    "predict",
    "resolve_device",
    "restore_net",
    "train",
]
