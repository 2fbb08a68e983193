"""A PyG graph without edges written as torch.tensor([]); a transposed edge_index."""

import torch
from case import check, refuses
from torch_geometric.data import Data

from skattn.graph import graphs_from_pyg

good = Data(x=torch.eye(3), edge_index=torch.tensor([[0], [1]]))
empty = Data(x=torch.eye(3), edge_index=torch.tensor([], dtype=torch.long))
transposed = Data(x=torch.eye(3), edge_index=torch.tensor([[0, 1], [1, 2], [2, 0]]))
check([G.n_edges for G in graphs_from_pyg([good, empty])] == [1, 0], "no edges")
ok, text = refuses(lambda: graphs_from_pyg([good, transposed]), "edge_index")
check(ok and "1" in text, text)
