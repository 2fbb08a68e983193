import math

import pytest
import torch

from skattn._batch import QuestionTable
from skattn.nn import PathReasoner, PathSpec
from skattn.ops import Facts, Questions, use_backend


def _facts(triples, n_entities, n_relations):
    columns = torch.tensor(triples).T.contiguous()
    return Facts.from_triples(*columns, sizes=(n_entities, n_relations))


def _reasoner(seed=0, **spec):
    reasoner = PathReasoner(PathSpec(**{"n_relations": 2, "dropout": 0.0} | spec))
    reasoner.reset_parameters(torch.Generator().manual_seed(seed))
    return reasoner


@pytest.fixture
def chain():
    """0 -> 1 -> 2 -> 3, and 4 alone"""
    return _facts([[0, 0, 1], [1, 0, 2], [2, 0, 3]], 5, 1)


def _visible(*sources):
    return Questions.visible(
        torch.tensor(sources), torch.zeros(len(sources), dtype=torch.int64)
    )


def test_entities_beyond_the_walk_share_one_score(chain):
    scores = _reasoner(n_layers=2)(chain, _visible(0))
    dense = scores.dense()[0]
    assert scores.reached.row_of[0].tolist() == [0, 1, 2, -1, -1]
    assert dense[3] == dense[4] == scores.unreached[0]
    assert len(dense[:4].unique()) == 4


def test_scores_of_a_question_do_not_depend_on_the_others(chain):
    reasoner = _reasoner()
    together = reasoner(chain, _visible(0, 3)).dense()
    alone = torch.cat([reasoner(chain, _visible(k)).dense() for k in (0, 3)])
    torch.testing.assert_close(together, alone, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("budget", [0, 3])
@pytest.mark.parametrize("question_messages", [False, True])
def test_kernels_and_reference_agree(budget, question_messages):
    rng = torch.Generator().manual_seed(0)
    triples = torch.randint(12, (40, 3), generator=rng)
    triples[:, 1] %= 3
    facts = _facts(triples.unique(dim=0).tolist(), 12, 3)
    table = QuestionTable.of_facts(facts)
    batch = table.draw(facts, torch.arange(9), rng, share=0.2, hide_pairs=False)
    reasoner = _reasoner(
        n_relations=6, edge_budget=budget, question_messages=question_messages
    )
    outcomes = []
    for backend in ("reference", "cpu"):
        reasoner.zero_grad()
        with use_backend(backend):
            scores = reasoner(facts, batch.questions)
            loss = scores.loss(batch.questions, batch.known_ptr, batch.known)
            loss.backward()
        grads = [weight.grad for weight in reasoner.parameters()]
        outcomes.append([scores.dense().detach(), *(g for g in grads if g is not None)])
    torch.testing.assert_close(*outcomes, atol=1e-5, rtol=1e-4)


def test_loss_is_the_cross_entropy_among_unknown_answers(chain):
    questions = Questions(
        torch.tensor([0, 2]),
        torch.tensor([0, 0]),
        torch.tensor([0, 1, 3]),
        torch.tensor([1, 3, 4], dtype=torch.int32),
    )
    known_ptr, known = torch.tensor([0, 2, 4]), torch.tensor([1, 2, 3, 4])
    scores = _reasoner()(chain, questions)
    dense = scores.dense()
    expected = []
    for row, target, others in (
        (0, 1, [0, 3, 4]),
        (1, 3, [0, 1, 2]),
        (1, 4, [0, 1, 2]),
    ):
        candidates = dense[row, [target, *others]]
        expected.append(-candidates.log_softmax(0)[0])
    loss = scores.loss(questions, known_ptr, known.to(torch.int32))
    torch.testing.assert_close(loss, torch.stack(expected).mean())


def test_hidden_fact_of_an_answer_changes_nothing_if_it_is_removed(chain):
    reasoner = _reasoner()
    hidden = Questions(
        torch.tensor([0]),
        torch.tensor([0]),
        torch.tensor([0, 1]),
        torch.tensor([1], dtype=torch.int32),
    )
    without = _facts([[1, 0, 2], [2, 0, 3]], 5, 1)
    torch.testing.assert_close(
        reasoner(chain, hidden).dense(), reasoner(without, _visible(0)).dense()
    )


@pytest.mark.slow
@pytest.mark.parametrize("hide_pairs", [False, True])
def test_random_facts_cannot_be_learned(hide_pairs):
    rng = torch.Generator().manual_seed(0)
    limits = torch.tensor([300, 4, 300])
    triples = (torch.rand(1500, 3, generator=rng) * limits).long().unique(dim=0)
    triples = triples[torch.randperm(len(triples), generator=rng)[:1300]]
    facts = _facts(triples.tolist(), 300, 4)
    table = QuestionTable.of_facts(facts)
    reasoner = _reasoner(n_relations=8, dropout=0.1)
    optimizer = torch.optim.Adam(reasoner.parameters(), 5e-3)
    for _ in range(3):
        losses = []
        for numbers in table.batches(16, rng):
            batch = table.draw(facts, numbers, rng, share=0.2, hide_pairs=hide_pairs)
            scores = reasoner(facts, batch.questions, rng)
            loss = scores.loss(batch.questions, batch.known_ptr, batch.known)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        assert sum(losses) / len(losses) >= 0.97 * math.log(300)


def test_random_numbers_come_from_the_generator():
    first, second = (_reasoner(seed=3).state_dict() for _ in range(2))
    other = _reasoner(seed=4).state_dict()
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert not torch.equal(first["questions"], other["questions"])
