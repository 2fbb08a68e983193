import numpy as np
import pytest
import torch
from sklearn.metrics import accuracy_score, log_loss, mean_squared_error
from torch import nn
from torch.nn.functional import cross_entropy
from torch.testing import assert_close

from skattn._batch import collate
from skattn._training import Labels, MaskedReconstruction, Supervised
from skattn.graph import Graph
from skattn.nn import BlockSpec, NetworkSpec
from skattn.nn._heads import LinearHead

OUTPUT = torch.tensor([[2.0, -1.0], [0.5, 0.25], [-3.0, 1.0], [1.0, 1.5]])
CLASSES = torch.tensor([0, 1, 1, 0])
LABELS = torch.tensor([[1.0, 0.0], [0.0, 1.0], [0.0, 0.0], [1.0, 1.0]])
NUMBERS = torch.tensor([[1.0, -1.0], [0.0, 0.0], [-2.0, 3.0], [4.0, 1.0]])
WEIGHT = torch.tensor([1.0, 2.0, 0.5, 0.25])


BATCH = collate(Graph(np.eye(4), np.ones((4, 1))))


class Fixed(nn.Module):
    """Network with fixed outputs."""

    def __init__(self, output):
        super().__init__()
        self.output = output

    def encode(self, x, structure, *, generator=None):
        return self.output

    def head(self, codes, *, generator=None):
        return codes


def supervised(kind):
    return Supervised(NetworkSpec(block=BlockSpec()), 2, kind)


def validate(kind, y, weight):
    return supervised(kind).validate(Fixed(OUTPUT), BATCH, Labels(y, weight))


def loss_of(kind, y, weight):
    in_training, outputs = supervised(kind).loss(
        Fixed(OUTPUT), BATCH, Labels(y, weight), None
    )
    assert outputs is OUTPUT
    assert validate(kind, y, weight)[0] == in_training
    return in_training.item()


def score_of(kind, y, weight):
    _, score, outputs = validate(kind, y, weight)
    assert outputs is OUTPUT
    return score.item()


def test_weighted_cross_entropy_is_sklearns_log_loss():
    proba = OUTPUT.softmax(1).numpy()
    expected = log_loss(CLASSES.numpy(), proba, sample_weight=WEIGHT.numpy())
    assert loss_of("cross_entropy", CLASSES, WEIGHT) == pytest.approx(expected)


def test_class_weights_times_sample_weights_are_torchs_weighted_mean():
    per_class = torch.tensor([3.0, 0.5])
    expected = cross_entropy(OUTPUT, CLASSES, weight=per_class).item()
    ours = loss_of("cross_entropy", CLASSES, per_class[CLASSES])
    assert ours == pytest.approx(expected)


def test_weighted_binary_cross_entropy_is_the_mean_over_known_entries():
    weight = WEIGHT[:, None] * torch.tensor([[1.0, 0], [1, 1], [0, 1], [1, 1]])
    p = OUTPUT.sigmoid()
    each = -(LABELS * p.log() + (1 - LABELS) * (1 - p).log())
    expected = np.average(each.numpy(), weights=weight.numpy())
    ours = loss_of("binary_cross_entropy", LABELS, weight)
    assert ours == pytest.approx(expected, rel=1e-5)


def test_weighted_squared_error_is_sklearns():
    weight = WEIGHT[:, None].expand(4, 2)
    expected = mean_squared_error(NUMBERS, OUTPUT, sample_weight=WEIGHT)
    assert loss_of("squared_error", NUMBERS, weight) == pytest.approx(expected)
    assert score_of("squared_error", NUMBERS, weight) == pytest.approx(-expected)


@pytest.mark.parametrize(
    ("kind", "y"),
    [
        ("cross_entropy", CLASSES),
        ("binary_cross_entropy", LABELS),
        ("squared_error", NUMBERS),
    ],
)
def test_unknown_labels_give_no_loss_no_score_and_no_gradient(kind, y):
    other = y.clone()
    other[1] = 1 - other[1]
    weight = torch.tensor([1.0, 0.0, 1.0, 1.0])
    if y.dim() == 2:
        weight = weight[:, None].expand(4, 2)
    assert loss_of(kind, y, weight) == loss_of(kind, other, weight)
    assert score_of(kind, y, weight) == score_of(kind, other, weight)
    output = OUTPUT.clone().requires_grad_()
    loss, _ = supervised(kind).loss(Fixed(output), BATCH, Labels(y, weight), None)
    loss.backward()
    assert output.grad[1].tolist() == [0, 0]
    assert output.grad[0].abs().max() > 0


def test_score_of_classes_is_weighted_accuracy():
    ours = score_of("cross_entropy", CLASSES, WEIGHT)
    predicted = [0, 0, 1, 1]
    assert ours == pytest.approx(
        accuracy_score(CLASSES.numpy(), predicted, sample_weight=WEIGHT.numpy())
    )
    assert ours == pytest.approx(1.5 / 3.75)


def test_score_of_labels_is_the_weighted_share_of_right_entries():
    right = torch.tensor([[1.0, 1], [0, 1], [1, 0], [1, 1]])
    weight = torch.tensor([[1.0, 1], [3, 1], [1, 0], [0, 1]])
    expected = (right * weight).sum() / weight.sum()
    assert score_of("binary_cross_entropy", LABELS, weight) == expected.item()


def test_loss_does_not_depend_on_the_scale_of_the_weights():
    assert loss_of("cross_entropy", CLASSES, WEIGHT * 7) == pytest.approx(
        loss_of("cross_entropy", CLASSES, WEIGHT)
    )


@pytest.mark.parametrize("kind", ["given", None, "mse"])
def test_an_unknown_loss_is_an_error(kind):
    with pytest.raises(ValueError, match=r"criterion must be one of .*squared_error"):
        supervised(kind)


def test_masked_reconstruction_has_errors_as_loss_and_embeddings_as_outputs():
    objective = MaskedReconstruction(
        NetworkSpec(block=BlockSpec(n_heads=2), hidden_dim=8), 3, mask_fraction=0.5
    )
    module = objective.module(1)
    module.reset_parameters(torch.Generator().manual_seed(0))
    loss, errors = objective.loss(module, BATCH, None, torch.Generator().manual_seed(1))
    assert errors.shape == (2,)
    assert loss == errors.mean()
    targets = BATCH.with_targets(torch.tensor([3, 0]))
    embedding = module.eval().encode(**BATCH.inputs)
    assert embedding.shape == (4, 3)
    assert torch.equal(objective.outputs(module, targets), embedding[[3, 0]])


@pytest.mark.parametrize("output", ["linear", "attention"])
def test_outputs_are_those_of_the_targets(output):
    spec = NetworkSpec(block=BlockSpec(n_heads=2), hidden_dim=8, output=output)
    objective = Supervised(spec, 2, "cross_entropy")
    ring = np.roll(np.eye(4), 1, axis=0)
    batch = collate(Graph(ring, np.arange(8.0).reshape(4, 2)))
    module = objective.module(2).eval()
    some = batch.with_targets(torch.tensor([3, 0, 3]))
    every = module(**batch.inputs)
    assert_close(objective.outputs(module, some), every[[3, 0, 3]])
    labels = Labels(torch.tensor([0, 1, 1]), torch.ones(3))
    loss, outputs = objective.loss(module, some, labels, None)
    assert_close(outputs, every[[3, 0, 3]])
    assert_close(loss, cross_entropy(outputs, labels.y))


def test_the_head_and_its_dropout_run_on_targets_only(monkeypatch):
    spec = NetworkSpec(block=BlockSpec(n_heads=2), hidden_dim=8)
    objective, seen = Supervised(spec, 2, "cross_entropy"), []
    module = objective.module(1)
    forward = LinearHead.forward

    def look(head, codes, **options):
        seen.append(len(codes))
        return forward(head, codes, **options)

    monkeypatch.setattr(LinearHead, "forward", look)
    some = BATCH.with_targets(torch.tensor([3, 0]))
    labels = Labels(torch.tensor([0, 1]), torch.ones(2))
    objective.loss(module, some, labels, None)
    objective.outputs(module.eval(), some)
    objective.validate(module, some, labels)
    assert seen == [2, 2, 2]
