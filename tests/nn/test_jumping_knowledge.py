import pytest
import torch
from torch.testing import assert_close

from skattn.nn._jumping_knowledge import JumpingKnowledge


def made(widths, combination):
    jumping = JumpingKnowledge(widths, combination).double()
    jumping.reset_parameters(torch.Generator().manual_seed(0))
    return jumping


def layers_of(*widths):
    generator = torch.Generator().manual_seed(1)
    return [torch.randn(5, k, generator=generator, dtype=torch.float64) for k in widths]


def test_concatenated_layers_are_mapped_to_the_last_width():
    jumping, (first, last) = made([2, 3], "concat"), layers_of(2, 3)
    upper, lower = jumping.linear.weight.split([2, 3])
    expected = first @ upper + last @ lower + jumping.linear.bias
    assert_close(jumping([first, last]), expected)


def test_every_node_weighs_the_layers_by_scores_of_its_own():
    jumping, layers = made([3, 3, 3], "attention"), layers_of(3, 3, 3)
    with torch.no_grad():
        jumping.bias.copy_(torch.tensor([0.0, 1.0, -1.0]))
    out = jumping(layers)
    for node in range(5):
        scores = [
            layer[node] @ jumping.score[k] + jumping.bias[k]
            for k, layer in enumerate(layers)
        ]
        weights = torch.stack(scores).softmax(0)
        expected = sum(
            w * layer[node] for w, layer in zip(weights, layers, strict=True)
        )
        assert_close(out[node], expected)


@pytest.mark.parametrize("combination", ["concat", "attention"])
def test_gradients_are_right(combination):
    jumping = made([3, 3], combination)
    inputs = [layer.requires_grad_() for layer in layers_of(3, 3)]
    names = dict(jumping.named_parameters())

    def jump(first, second, *parameters):
        given = dict(zip(names, parameters, strict=True))
        return torch.func.functional_call(jumping, given, ([first, second],))

    assert torch.autograd.gradcheck(jump, (*inputs, *names.values()))


def test_weighted_layers_must_have_one_width():
    with pytest.raises(ValueError, match=r"widths must be the same.*got \[2, 3\]"):
        JumpingKnowledge([2, 3], "attention")


def test_unknown_combinations_are_an_error():
    with pytest.raises(ValueError, match=r"jumping must be None or one of .* 'max'"):
        JumpingKnowledge([2, 2], "max")
