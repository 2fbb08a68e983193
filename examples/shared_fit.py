"""
One fit on several processes
============================

All processes run this script on the same data, and end with the same model::

    OMP_NUM_THREADS=1 torchrun --standalone --nproc-per-node 2 shared_fit.py

On several machines, torchrun has options for them (``--nnodes``, ``--rdzv-endpoint``).
"""

import hashlib

import numpy as np
import torch.distributed as dist

from skattn import GraphAttentionClassifier, shared_fits
from skattn.datasets import make_communities

dist.init_process_group("gloo")

# %%
# Every process makes or loads the same data, here graphs of two or three communities.

graphs = [make_communities(30, 2 + k % 2, random_state=k)[0] for k in range(400)]
y = np.arange(400) % 2
clf = GraphAttentionClassifier(norm="layer", max_epochs=10, random_state=0)

# %%
# Inside the block, the processes divide each training batch among them, and the batches
# of the prediction. All of them make the same calls.

with shared_fits():
    clf.fit(graphs[:300], y[:300])
    accuracy = clf.score(graphs[300:], y[300:])

# %%
# One process prints and saves, after the block.

weights = b"".join(w.numpy().tobytes() for w in clf.net_.module_.state_dict().values())
digests = [None] * dist.get_world_size()
dist.all_gather_object(digests, hashlib.sha256(weights).hexdigest())
if dist.get_rank() == 0:
    print(f"{len(digests)} processes, accuracy {accuracy:.2f}")
    print(f"all models equal bit for bit: {len(set(digests)) == 1}")
dist.destroy_process_group()
