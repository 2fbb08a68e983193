"""The context in which fits are shared by the processes of a group."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import torch.distributed as dist

from skattn._training._processes import Processes

_CURRENT: ContextVar[Processes | None] = ContextVar("skattn_processes", default=None)


@contextmanager
def shared_fits(group: dist.ProcessGroup | None = None) -> Iterator[None]:
    """Share each fit inside a ``with`` block among processes.

    All processes run the same script on the same data; each computes a part of every
    training batch, and the gradients are summed. The fitted estimator is the same in
    all of them, bit for bit, and does not depend on their number. ``batch_size`` is the
    size of the whole batch, not of the part of one process. Process 0 decides the
    seed if ``random_state`` is None, and when to stop. Pipelines and searches are used
    as usual, with ``n_jobs=None``.

    Batches of a list of graphs or sequences, and of target nodes with sampled
    neighbours (``fanout``), are divided. For lists, set ``norm="layer"``: with batch
    normalisation (the default) processes wait for each other in every layer, and little
    time is saved. Other batches, such as one whole graph, are computed by every
    process, which saves no time. Predictions are divided, too: those for lists into
    batches, those for nodes of a large graph into ranges of receivers; see the
    :doc:`user guide </guide/scaling>`.

    Parameters
    ----------
    group : torch.distributed.ProcessGroup, optional
        The processes; by default all. They exchange tensors on the CPU ("gloo"): use
        the backend "gloo" or "cpu:gloo,cuda:nccl" in
        :func:`torch.distributed.init_process_group`. The whole group of the backend
        "nccl" gets a group of gloo in addition.

    Yields
    ------
    None
        Nothing.

    Raises
    ------
    RuntimeError
        If torch.distributed is not initialised, `group` cannot exchange tensors on the
        CPU, or the block is inside another one. A fit inside the block raises it if
        another process fails, ends, leaves the block or makes other calls; the
        estimator is then as it was before.
    ValueError
        By a fit inside the block, if processes have different parameters or data.

    Notes
    -----
    All processes must make the same calls inside the block: a ``fit`` or a prediction
    of one process alone is an error. Fits in other threads and processes
    (``n_jobs``) are not shared. An interrupt (Ctrl-C) of one process stops the fit of
    all of them after the current step; a second one stops this process at once.

    Examples
    --------
    A script for ``torchrun --nproc-per-node 2 script.py``; here, a group of one.

    >>> import tempfile
    >>> import torch.distributed as dist
    >>> import skattn
    >>> store = dist.FileStore(tempfile.mkstemp()[1], 1)
    >>> dist.init_process_group("gloo", store=store, rank=0, world_size=1)
    >>> graph, y = skattn.datasets.make_communities(40, 2, random_state=0)
    >>> model = skattn.GraphAttentionClassifier(max_epochs=2, random_state=0)
    >>> with skattn.shared_fits():
    ...     model = model.fit(graph, y)
    >>> dist.destroy_process_group()
    """
    if current_processes() is not None:
        raise RuntimeError(
            "shared_fits must not be inside another shared_fits. Use one block for all "
            "fits."
        )
    with _cpu_group(group) as mesh_group:
        processes = Processes(mesh_group)
        token = _CURRENT.set(processes)
        try:
            yield
        finally:
            _CURRENT.reset(token)
            processes.leave()


def current_processes() -> Processes | None:
    """Return the processes that share the fits of this thread; None outside."""
    found = _CURRENT.get()
    if found is None:
        return None
    is_same = (found.pid, found.thread) == (os.getpid(), threading.get_ident())
    return found if is_same else None


@contextmanager
def shared_work() -> Iterator[None]:
    """Make an error in the block one of all processes, if there are several.

    A block within another one does nothing.
    """
    processes = current_processes()
    if processes is None or processes.is_working:
        yield
        return
    with processes.work():
        yield


@contextmanager
def _cpu_group(group: dist.ProcessGroup | None) -> Iterator[dist.ProcessGroup]:
    """Return a group that exchanges tensors on the CPU."""
    if not (dist.is_available() and dist.is_initialized()):
        raise RuntimeError(
            "shared_fits needs the processes of an initialised torch.distributed, got "
            "none. Start the script with torchrun, and call "
            'torch.distributed.init_process_group("gloo") before.'
        )
    found = dist.group.WORLD if group is None else group
    if not isinstance(found, dist.ProcessGroup):
        raise RuntimeError(
            "shared_fits must be used by the processes of its group only, got a group "
            "without this process. Use it in the members of the group."
        )
    backend = str(dist.get_backend_config(found))
    if "cpu:gloo" in backend:
        yield found
    elif group is None:
        made = dist.new_group(backend="gloo")
        yield made
        dist.destroy_process_group(made)  # not after an error: messages may be pending
    else:
        raise RuntimeError(
            "shared_fits needs a group that exchanges tensors on the CPU by gloo, got "
            f"one of the backend {backend}. Make it with "
            'torch.distributed.new_group(ranks, backend="gloo").'
        )
