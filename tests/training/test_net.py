import copy
import gc
import pickle
import weakref

import numpy as np
import pytest
import torch
from skorch.callbacks import Callback, EpochTimer

from skattn._training import predict

WAYS = {"pickle": lambda net: pickle.loads(pickle.dumps(net)), "copy": copy.deepcopy}


@pytest.fixture(params=WAYS)
def duplicate(request):
    return WAYS[request.param]


def test_pickled_net_predicts_the_same(fit, data, duplicate):
    net = fit()
    again = duplicate(net)
    np.testing.assert_array_equal(predict(again, data[1]), predict(net, data[1]))
    assert again.history == net.history


def test_pickle_keeps_the_weights_and_no_optimizer(fit, duplicate):
    again = duplicate(fit())
    assert again.optimizer_ is None
    assert again.generator is None
    assert again.callbacks_ == []
    assert again.device == "cpu"


def test_pickling_does_not_change_the_net(fit):
    net = fit()
    before = dict(vars(net))
    module = net.module_
    pickle.dumps(net)
    assert vars(net) == before
    assert net.module_ is module
    assert net.optimizer_ is not None
    assert net.generator is not None


def test_copied_weights_are_the_copys_own(fit, duplicate):
    net = fit()
    again = duplicate(net)
    before = net.module_.head.linear.weight.clone()
    with torch.no_grad():
        again.module_.head.linear.weight.zero_()
    assert torch.equal(net.module_.head.linear.weight, before)


def test_pickle_is_small_whatever_the_graph(fit):
    assert len(pickle.dumps(fit(max_epochs=1))) < 20_000


def test_trained_net_does_not_keep_the_batch(fit, data):
    own = copy.deepcopy(data)  # referenced by no fixture
    refs = [weakref.ref(source.batch) for source in own]
    net = fit(data=own)
    del own
    gc.collect()
    assert [ref() for ref in refs] == [None, None]
    assert len(net.history) == 5


def test_trained_net_does_not_keep_the_estimators_callbacks(fit):
    class Report(Callback):
        pass

    report = Report()
    ref = weakref.ref(report)
    net = fit(callbacks=[report], max_epochs=1)
    del report
    gc.collect()
    assert ref() is None
    assert len(net.history) == 1


def test_callbacks_of_the_user_stay_an_attribute_of_the_net(fit):
    timer = EpochTimer()
    net = fit(net_params={"callbacks": [timer]}, max_epochs=1)
    assert net.callbacks == [timer]


def test_net_is_made_on_the_cpu_without_a_draw_from_torchs_generator(fit):
    net = fit(max_epochs=1)
    state = torch.get_rng_state()
    net.initialize_module()
    assert torch.equal(torch.get_rng_state(), state)
    assert {p.device.type for p in net.module_.parameters()} == {"cpu"}
    assert all(torch.isfinite(p).all() for p in net.module_.parameters())


def test_training_is_shuffled_by_the_nets_generator_and_validation_is_not(fit):
    class RecordingSource:
        def epoch(self, generator):
            yield generator

    net, data = fit(max_epochs=1), RecordingSource()
    assert net.get_split_datasets(data) is data
    shuffled = net.get_iterator(data, training=True)
    assert list(shuffled) == list(shuffled) == [net.generator]
    assert list(net.get_iterator(data)) == [None]
