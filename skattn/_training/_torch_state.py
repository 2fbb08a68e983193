"""Independence of torch's global modes."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import torch

AUTOCAST_DEVICES = ("cpu", "cuda", "mps")
"""Device types on which an autocast context is ended."""


@contextmanager
def default_modes() -> Iterator[None]:
    """Set torch's modes to their defaults within the context, in the calling thread.

    They are: CPU as the default device, gradients, no inference mode, no autocast. The
    default dtype is not changed, as all threads share it; networks are converted to
    float32 instead.
    """
    with ExitStack() as stack:
        if torch.is_inference_mode_enabled():
            stack.enter_context(torch.inference_mode(False))
        # always: Ctrl-C may leave torch.no_grad without restoring the mode
        stack.enter_context(torch.enable_grad())
        if torch.get_default_device().type != "cpu":  # the context slows each call
            stack.enter_context(torch.device("cpu"))
        for device in AUTOCAST_DEVICES:
            if torch.is_autocast_enabled(device):
                stack.enter_context(torch.autocast(device, enabled=False))
        yield
