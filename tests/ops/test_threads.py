"""Threads; tests that could hang or abort run in a subprocess with a time limit."""

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time

import pytest

from skattn.ops._threads import run_blocks

PREAMBLE = """
import hashlib, os, sys, threading
import torch
from skattn.ops import Dot, Edges, Gat, GatV2, edge_attention, dropout
from skattn.ops import SparseMatrix, sparse_matmul

def step(seed=0):
    rng = torch.Generator().manual_seed(seed)
    n, n_edges = 3000, 30000  # many blocks
    receivers = torch.randint(n, (n_edges,), generator=rng).sort().values
    counts = receivers.bincount(minlength=n)
    indptr = torch.cat([torch.zeros(1).long(), counts.cumsum(0)])
    senders = torch.randint(n, (n_edges,), generator=rng)
    senders[:2000] = 7
    edges = Edges.from_csr(indptr, senders, n)
    def draw(*shape):
        return torch.randn(*shape, generator=rng).requires_grad_()
    q, k, v, a = draw(n, 2, 8), draw(n, 2, 8), draw(n, 2, 8), draw(2, 8)
    b, f, o, w = draw(n_edges, 2), draw(n_edges, 3), draw(2, 8), draw(n, 40)
    digest = hashlib.sha256()
    for score in (Gat(q[..., 0], k[..., 0]), GatV2(q, k, a), Dot(q, k)):
        out = edge_attention(edges, score, v, bias=b, edge_features=f, offset=o,
                             dropout=0.4, seed=seed)
        out.backward(torch.ones_like(out) * 0.3)
        digest.update(out.detach().numpy().tobytes())
    values = torch.randn(n_edges, generator=rng)
    out = sparse_matmul(SparseMatrix(edges, values), w, dropout=0.2, seed=seed)
    dropout(out, 0.5, seed).backward(torch.ones_like(out))
    for leaf in (q, k, v, a, b, f, o, w):
        digest.update(leaf.grad.numpy().tobytes())
    return digest.hexdigest()
"""


def _run(code, n_threads=2):
    program = PREAMBLE + f"torch.set_num_threads({n_threads})\n" + textwrap.dedent(code)
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=600
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.slow
def test_results_are_equal_bit_for_bit_at_one_two_and_four_threads():
    code = """
        answers = []
        for n_threads in (1, 2, 4):
            torch.set_num_threads(n_threads)
            answers.append(step())
        print(len(set(answers)), torch.get_num_threads())
    """
    assert _run(code) == "1 4"


@pytest.mark.slow
def test_forked_child_works_after_its_parent_did():
    code = """
        parent = step()
        torch.randn(2000, 300) @ torch.randn(300, 300)  # starts the threads of OpenMP
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            answer = step()
            torch.randn(2000, 300) @ torch.randn(300, 300)
            os.write(writing, f"{answer} {torch.get_num_threads()}".encode())
            os._exit(0)
        os.waitpid(child, 0)
        answer, n_threads = os.read(reading, 1000).decode().split()
        print(answer == parent, n_threads, step() == parent)
    """
    assert _run(code) == "True 1 True"


@pytest.mark.slow
def test_two_threads_at_once_equal_one_after_the_other():
    code = """
        expected = [step(0), step(1)]
        found = {}
        def work(seed):
            for _ in range(5):
                found.setdefault(seed, set()).add(step(seed))
        threads = [threading.Thread(target=work, args=(seed,)) for seed in (0, 1)]
        for thread in threads: thread.start()
        for thread in threads: thread.join()
        print([found[seed] == {expected[seed]} for seed in (0, 1)])
    """
    assert _run(code) == "[True, True]"


@pytest.mark.slow
def test_second_process_finds_the_kernels_compiled():
    code = """
        from skattn.ops._cpu import _backward_kernels, _forward_kernels
        step()
        print(sum(sum(kernel.stats.cache_misses.values()) for kernel in (
            _forward_kernels.attend, _backward_kernels.fused_gradients,
            _backward_kernels.sender_gradients, _backward_kernels.receiver_gradients)))
    """
    _run(code)
    assert _run(code) == "0"


def test_every_block_is_done_once():
    lock, done = threading.Lock(), []

    def work(block):
        with lock:
            done.append(block)

    run_blocks(100, work)
    assert sorted(done) == list(range(100))


def test_one_block_runs_in_the_calling_thread():
    names = []
    run_blocks(1, lambda _: names.append(threading.current_thread().name))
    assert names == [threading.current_thread().name]


def test_work_is_not_called_without_blocks():
    run_blocks(0, lambda _: pytest.fail("work was called without blocks"))


def test_after_an_error_no_block_starts_and_running_blocks_end():
    begun, ended = [], []

    def work(block):
        begun.append(block)
        if block == 0:
            raise ZeroDivisionError
        time.sleep(0.2)
        ended.append(block)

    with pytest.raises(ZeroDivisionError):
        run_blocks(50, work, n_threads=3)
    assert len(begun) < 10
    assert sorted(ended) == sorted(set(begun) - {0})


def test_error_in_a_block_is_raised():
    def work(block):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run_blocks(8, work)


def test_interrupt_waits_for_running_blocks(on_interrupt):
    begun, ended = [], []
    helper_works, caller_is_done = threading.Event(), threading.Event()

    def work(block):
        begun.append(block)
        if threading.current_thread() is threading.main_thread():
            helper_works.wait()
            ended.append(block)
            caller_is_done.set()
        else:
            helper_works.set()
            caller_is_done.wait()
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(1)  # a kernel, which cannot be interrupted
            ended.append(block)

    with pytest.raises(KeyboardInterrupt):
        run_blocks(2, work, n_threads=2)
    assert sorted(ended) == sorted(begun)
