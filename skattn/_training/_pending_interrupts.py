"""Interrupts of the user (Ctrl-C) that wait for a point where all processes stop."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class PendingInterrupts:
    """Number of interrupts within :func:`pending_interrupts`."""

    def __init__(self) -> None:
        self.count = 0
        self.is_handled = False

    def take(self) -> bool:
        """Return whether there is an interrupt; the caller then raises it."""
        found = self.count > 0
        self.is_handled |= found
        self.count = 0
        return found


@contextmanager
def pending_interrupts() -> Iterator[PendingInterrupts]:
    """Count an interrupt instead of raising it; raise the second one at once.

    One that the block did not take is raised at its end.
    """
    pending = PendingInterrupts()
    handler = signal.getsignal(signal.SIGINT)
    in_main = threading.current_thread() is threading.main_thread()
    if not in_main or not callable(handler):
        yield pending
        return

    def receive(number, frame):
        pending.count += 1
        if pending.count > 1 or pending.is_handled:
            handler(number, frame)

    signal.signal(signal.SIGINT, receive)
    try:
        yield pending
    finally:
        signal.signal(signal.SIGINT, handler)
    if pending.count:
        handler(signal.SIGINT, None)
