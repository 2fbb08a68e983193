import torch

from skattn.nn import ComplEx


def _model():
    model = ComplEx(n_entities=3, n_relations=2, rank=2)
    rng = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for table in model.parameters():
            table.copy_(torch.randn(table.shape, generator=rng))
    return model


def test_scores_are_products_of_complex_numbers():
    model = _model()
    scores = model(torch.tensor([1]), torch.tensor([0]))
    x, r = (
        torch.complex(*table.detach().chunk(2, 1))
        for table in (model.entities, model.relations)
    )
    expected = (x[1] * r[0] * x.conj()).sum(1).real
    torch.testing.assert_close(scores[0].detach(), expected)


def test_penalty_is_the_mean_cubed_modulus():
    model = _model()
    facts = torch.tensor([0, 1]), torch.tensor([1, 0]), torch.tensor([2, 2])
    more = model.loss(*facts, 1.0) - model.loss(*facts, 0.0)
    moduli = [
        (a**2 + b**2).sqrt()
        for a, b in (
            model.entities[facts[0]].chunk(2, 1),
            model.relations[facts[1]].chunk(2, 1),
            model.entities[facts[2]].chunk(2, 1),
        )
    ]
    torch.testing.assert_close(more, sum((m**3).sum() for m in moduli) / 2)
