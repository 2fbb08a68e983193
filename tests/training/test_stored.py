import numpy as np
import torch
from torch.testing import assert_close

from skattn._training import net_from_state, net_state, predict


def test_net_from_its_state_predicts_the_same(fit, data):
    net = fit()
    parts = net_state(net)
    assert all(w.device.type == "cpu" for w in parts["weights"].values())
    again = net_from_state(**parts)
    np.testing.assert_array_equal(predict(again, data[1]), predict(net, data[1]))
    assert again.history[:, "train_loss"] == net.history[:, "train_loss"]
    assert_close(net_state(again)["weights"], parts["weights"])
    for name in ("objective", "n_features"):
        assert net_state(again)[name] == parts[name]


def test_state_contains_only_plain_values_and_arrays(fit):
    state = net_state(fit(max_epochs=2))
    assert state.keys() == {"objective", "n_features", "weights", "history"}
    assert state["n_features"] == 3
    assert [epoch["epoch"] for epoch in state["history"]] == [1, 2]
    assert all(type(w) is torch.Tensor for w in state["weights"].values())


def test_net_from_a_state_shares_no_weights(fit):
    net = fit(max_epochs=1)
    parts = net_state(net)
    again = net_from_state(**parts)
    with torch.no_grad():
        again.module_.head.linear.weight.zero_()
    assert net.module_.head.linear.weight.any()
