from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.errors import UsageError
from pipeline.stratified import StratifiedSplit

ROWS = [("cat", f"cat {number}") for number in range(40)] + [("dog", f"dog {number}") for number in range(10)]


def test_every_class_has_its_share():
    split = StratifiedSplit(ROWS, share=0.2)
    assert Counter((row[0], split(*row)) for row in ROWS) == {
        ("cat", "eval"): 8,
        ("cat", "train"): 32,
        ("dog", "eval"): 2,
        ("dog", "train"): 8,
    }


def test_the_order_of_the_rows_does_not_matter_and_the_seed_does():
    def evaluated(rows, seed):
        split = StratifiedSplit(rows, share=0.2, seed=seed)
        return {row for row in rows if split(*row) == "eval"}

    assert evaluated(ROWS, 0) == evaluated(ROWS[::-1], 0)
    assert evaluated(ROWS, 0) != evaluated(ROWS, 1)


@given(st.lists(st.text(max_size=3), min_size=2, unique=True), st.floats(0.01, 0.99))
def test_two_rows_that_differ_are_enough_for_both_splits(contents, share):
    split = StratifiedSplit([(None, content) for content in contents], share)
    assert {split(None, content) for content in contents} == {"train", "eval"}


def test_the_same_content_is_never_in_both_splits():
    rows = [(None, str(number % 7)) for number in range(70)]
    split = StratifiedSplit(rows, share=0.3)
    assert len({(content, split(None, content)) for _, content in rows}) == 7


@pytest.mark.parametrize("share", [0.0, 1.0, -0.1])
def test_a_share_of_none_or_all_is_refused(share):
    with pytest.raises(UsageError, match="eval_share"):
        StratifiedSplit(ROWS, share)
