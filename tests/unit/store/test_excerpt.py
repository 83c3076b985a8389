import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overlord_run.store.excerpt import cut_values, excerpt
from overlord_run.store.notation import decode, encode

ANY_TEXT = st.text(st.characters(exclude_categories=()))


@pytest.mark.parametrize("text", ["", "a", "a" * 16, "ä" * 8, "🦉" * 4])
def test_a_text_within_the_limit_stays_whole(text):
    assert excerpt(text, 16, 3) == (text, None)


@pytest.mark.parametrize(
    ("text", "beginning"),
    [("a" * 17, "a" * 16), ("ä" * 9, "ä" * 8), ("a" + "ä" * 8, "a" + "ä" * 7), ("🦉" * 5, "🦉" * 4)],
)
def test_a_longer_text_is_cut_between_characters_and_told_by_length_hash_and_event(text, beginning):
    whole = hashlib.sha256(text.encode()).hexdigest()
    assert excerpt(text, 16, 3) == (beginning, {"length": len(text), "sha256": whole, "seq": 3})


@given(ANY_TEXT, st.integers(4, 40))
def test_a_text_is_cut_alike_before_and_after_it_was_on_disk(text, limit):
    assert decode(encode(excerpt(text, limit, 1)).encode()) == decode(
        encode(excerpt(decode(encode(text).encode()), limit, 1)).encode()
    )


def test_only_the_named_values_are_cut_and_the_facts_are_returned():
    values = {"long": "x" * 20, "short": "x", "other": "x" * 20, "nothing": None, "data": list(range(20)), "few": [1]}
    cuts = cut_values(values, 16, {"long": 4, "short": 5, "nothing": 6, "data": 7, "few": 8})
    assert values == {"long": "x" * 16, "short": "x", "other": "x" * 20, "nothing": None, "data": None, "few": [1]}
    assert {key: (facts["length"], facts["seq"]) for key, facts in cuts.items()} == {"long": (20, 4), "data": (51, 7)}
