import os
import signal
import threading

import pytest

from skattn._training._pending_interrupts import pending_interrupts


@pytest.fixture
def interrupt():
    """Return a function that interrupts this process, as Ctrl-C."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield lambda: os.kill(os.getpid(), signal.SIGINT)
    signal.signal(signal.SIGINT, before)


def test_an_interrupt_waits_until_it_is_taken(interrupt):
    with pending_interrupts() as pending:
        assert not pending.take()
        interrupt()
        assert pending.take()
        assert not pending.take()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_an_interrupt_that_is_not_taken_is_raised_at_the_end(interrupt):
    steps = []

    def work():
        with pending_interrupts():
            interrupt()
            steps.append("after it")

    with pytest.raises(KeyboardInterrupt):
        work()
    assert steps == ["after it"]


@pytest.mark.parametrize("taken", [False, True])
def test_the_second_interrupt_is_raised_at_once(interrupt, taken):
    steps = []

    def work():
        with pending_interrupts() as pending:
            interrupt()
            if taken:
                pending.take()
            interrupt()
            steps.append("after it")

    with pytest.raises(KeyboardInterrupt):
        work()
    assert not steps


def test_other_threads_have_no_interrupts():
    found = []

    def work():
        with pending_interrupts() as pending:
            found.append(pending.take())

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert found == [False]
