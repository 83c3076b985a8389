from hypothesis import given
from hypothesis import strategies as st

from overlord_run.store.fold import fold
from overlord_run.store.twin import twin
from unit.store.test_snapshot import STORY


@given(st.integers(0, len(STORY)))
def test_a_twin_is_equal_and_goes_its_own_way(at):
    state = fold(STORY[:at])
    other = twin(state)
    assert other == state
    assert fold(STORY[at:], other) == fold(STORY)
    assert state == fold(STORY[:at])
