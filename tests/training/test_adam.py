import copy

import pytest
import torch

from skattn._training._adam import Adam

OPTIONS = {"lr": 0.1, "betas": (0.8, 0.9), "weight_decay": 0.01}


def parameters():
    draw = torch.Generator().manual_seed(1)
    shapes = ((3, 2), (2,), (1, 4))
    return [torch.nn.Parameter(torch.randn(s, generator=draw)) for s in shapes]


def loss(params, step, parts=3):
    """Return a loss of the first `parts` parameters."""
    return sum((p - step).pow(2).sum() for p in params[:parts])


def run(kind, steps=(3, 3, 3), **options):
    params = parameters()
    optimizer = kind(params, **OPTIONS | options)
    for step, parts in enumerate(steps):
        optimizer.zero_grad()
        loss(params, step, parts).backward()
        optimizer.step()
    return params, optimizer


def assert_same(params, others):
    assert all(torch.equal(a, b) for a, b in zip(params, others, strict=True))


@pytest.mark.parametrize("steps", [(3, 3, 3), (3, 1, 2, 3), (1, 2, 3)])
def test_steps_are_those_of_torch_where_gradients_are_missing_too(steps):
    (ours, _), (theirs, _) = run(Adam, steps), run(torch.optim.Adam, steps, fused=True)
    assert_same(ours, theirs)


@pytest.mark.parametrize("rare", [{"amsgrad": True}, {"maximize": True}])
def test_rare_options_use_torchs_step(rare):
    ours, optimizer = run(Adam, **rare)
    theirs, _ = run(torch.optim.Adam, fused=True, **rare)
    assert_same(ours, theirs)
    assert optimizer._moments is None


def test_other_dtypes_use_torchs_step():
    results = []
    for kind, options in ((Adam, {}), (torch.optim.Adam, {"fused": True})):
        param = torch.nn.Parameter(torch.ones(3, dtype=torch.float64))
        optimizer = kind([param], lr=0.1, **options)
        param.square().sum().backward()
        optimizer.step()
        results.append([param])
    assert_same(*results)


def test_a_changed_learning_rate_applies_to_the_next_step():
    params, optimizer = run(Adam)
    before = copy.deepcopy(params)
    optimizer.param_groups[0]["lr"] = 0.0
    optimizer.step()
    assert_same(params, before)


def test_training_continues_from_a_loaded_state():
    params, optimizer = run(Adam)
    again = [torch.nn.Parameter(p.detach().clone()) for p in params]
    other = Adam(again, **OPTIONS)
    other.load_state_dict(copy.deepcopy(optimizer.state_dict()))
    for pair in ((params, optimizer), (again, other)):
        pair[1].zero_grad()
        loss(pair[0], 5).backward()
        pair[1].step()
    assert_same(params, again)


def test_parameters_may_be_added_later():
    _, optimizer = run(Adam)
    late = torch.nn.Parameter(torch.ones(2))
    optimizer.add_param_group({"params": [late], "lr": 0.5})
    late.sum().backward()
    optimizer.step()
    torch.testing.assert_close(late.detach(), torch.full((2,), 0.5))


def test_a_closure_is_called_with_gradients():
    params, optimizer = run(Adam)

    def closure():
        optimizer.zero_grad()
        value = loss(params, 0)
        value.backward()
        return value

    assert optimizer.step(closure) > loss(params, 0)


def test_gradients_can_be_set_to_zero_instead_of_none():
    params, optimizer = run(Adam)
    optimizer.zero_grad(set_to_none=False)
    assert not any(p.grad.any() for p in params)
    optimizer.zero_grad()
    assert all(p.grad is None for p in params)
