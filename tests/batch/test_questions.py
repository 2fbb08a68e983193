import pytest
import torch

from skattn._batch import QuestionTable
from skattn.ops import Facts


@pytest.fixture
def facts():
    """0 has the relation 0 to 1, 2 and 3, and 3 the relation 1 to 0."""
    columns = torch.tensor([[0, 0, 1], [0, 0, 2], [0, 0, 3], [3, 1, 0]]).T
    return Facts.from_triples(*columns.contiguous(), sizes=(4, 2))


def test_questions_are_those_of_facts_and_inverses(facts):
    table = QuestionTable.of_facts(facts)
    asked = list(zip(table.sources.tolist(), table.relations.tolist(), strict=True))
    assert asked == [(0, 0), (0, 3), (1, 2), (2, 2), (3, 1), (3, 2)]
    ptr, answers = table.answers_of(torch.tensor([0, 5]))
    assert (ptr.tolist(), answers.tolist()) == ([0, 3, 4], [1, 2, 3, 0])


@pytest.mark.parametrize("share", [0.0, 0.4, 1.0])
def test_every_question_hides_an_answer_at_least(facts, share):
    table = QuestionTable.of_facts(facts)
    rng = torch.Generator().manual_seed(0)
    batch = table.draw(facts, torch.tensor([0, 4]), rng, share=share, hide_pairs=True)
    counts = batch.questions.hidden_ptr.diff().tolist()
    assert counts[1] == 1
    assert counts[0] == {0.0: 1, 1.0: 3}.get(share, counts[0])
    assert set(batch.questions.hidden.tolist()) <= {0, 1, 2, 3}
    assert batch.known.tolist() == [1, 2, 3, 0]
    assert batch.questions.hide_pairs


def test_epoch_has_every_question_once_in_batches_of_few_relations(facts):
    table = QuestionTable.of_facts(facts)
    batches = list(table.batches(2, torch.Generator().manual_seed(1)))
    assert sorted(torch.cat(batches).tolist()) == [0, 1, 2, 3, 4, 5]
    assert max(len(table.relations[b].unique()) for b in batches) <= 2
    assert sum(map(len, table.batches(2, torch.Generator(), 4))) == 4


def test_order_is_fixed_without_a_generator(facts):
    table = QuestionTable.of_facts(facts)
    first, second = (torch.cat(list(table.batches(3, None))) for _ in range(2))
    assert torch.equal(first, second)
