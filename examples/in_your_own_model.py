"""Graph attention layers in a torch model of your own."""

import torch
from torch import nn

from skattn.datasets import load_karate_club
from skattn.graph import add_self_loops
from skattn.nn import GraphAttention
from skattn.ops import Edges

club = load_karate_club()
adjacency, _, _ = add_self_loops(club.graph.adjacency)
edges = Edges.from_csr(adjacency.indptr, adjacency.indices, adjacency.shape[1])
y = torch.as_tensor(club.target)
labelled = torch.tensor([0, 33])  # the instructor and the administrator


class Model(nn.Module):
    """Two graph attention layers over learned embeddings of the members."""

    def __init__(self, n_nodes, n_classes):
        super().__init__()
        self.embedding = nn.Parameter(torch.eye(n_nodes))
        self.first = GraphAttention(n_nodes, 8, n_heads=4)
        self.second = GraphAttention(32, n_classes)

    def forward(self, edges):
        hidden = nn.functional.elu(self.first(self.embedding, edges))
        return self.second(hidden, edges)


torch.manual_seed(0)
model = Model(len(y), 2)
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
for epoch in range(101):
    logits = model(edges)
    loss = nn.functional.cross_entropy(logits[labelled], y[labelled])
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if epoch % 25 == 0:
        accuracy = (logits.argmax(1) == y).float().mean()
        print(f"epoch {epoch:3d}  loss {loss:.4f}  accuracy of all {accuracy:.3f}")
