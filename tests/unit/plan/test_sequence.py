"""The redirects of a plan: what each waits for and reads, and what of it is known before the first call."""

import pytest
from msgspec.structs import replace

from overlord_run.plan.draft import Draft
from overlord_run.plan.redirects import PlannedBlock, PlannedMessage, slots_of, target_of
from overlord_run.plan.sequence import plan_redirects
from overlord_run.playbook.model import Redirect
from unit.plan.councils import FILE, Place, plan, playbook

HEAD = """\
overlord: 1
name: flow
roles: {side: {system: You argue., task: Begin.}}
assignments: [{slot: yea, role: side}, {slot: nay, role: side}, {slot: oak, role: side}]
redirects:
"""
BLOCK = """\
  - {id: open, to: yea, message: Go.}
  - id: debate
    needs: [open]
    redirects:
      - {id: weigh, to: oak, message: "{{ replies.argue.yea }}", after: [argue]}
      - {id: argue, to: [nay, yea], message: "{{ previous.argue | length }}", after: []}
      - {id: known, to: yea, message: "{{ servant.slot }}, go on.", after: []}
    repeat: {max: 3, until: replies.open.yea == replies.weigh.oak}
  - {id: close, check: replies.weigh.oak == "yes" and approvals | length == 0}
"""


def test_what_is_needed_is_waited_for_too() -> None:
    redirects = """\
  - {id: a, check: true}
  - {id: b, check: true, needs: [a], after: []}
  - {id: c, check: true, needs: [a]}
"""
    assert [one.after for one in plan(HEAD + redirects).redirects] == [(), ("a",), ("b", "a")]


def test_a_block_holds_its_redirects_in_order_and_reads_what_its_condition_reads() -> None:
    block = plan(HEAD + BLOCK).by_id["debate"]
    assert isinstance(block, PlannedBlock)
    assert [one.id for one in block.redirects] == ["argue", "weigh", "known"]
    assert block.reads == ("open", "weigh")
    assert slots_of(block) == ("yea", "nay", "oak")
    assert target_of(block) == ""


def test_only_what_the_rounds_do_not_change_is_rendered_before() -> None:
    council = plan(HEAD + BLOCK)
    texts = {each.id: each.texts for each in council.messages() if isinstance(each, PlannedMessage)}
    assert texts == {"open": {"yea": "Go."}, "argue": None, "weigh": None, "known": {"yea": "yea, go on."}}


def test_a_check_reads_and_asks_nobody() -> None:
    check = plan(HEAD + BLOCK).by_id["close"]
    assert (check.reads, slots_of(check), target_of(check)) == (("weigh",), (), "")


def test_what_is_known_of_a_block_is_found_by_the_id_of_what_is_in_it() -> None:
    council = plan(HEAD + BLOCK)
    assert {name: block.id for name, block in council.block_of.items()} == dict.fromkeys(
        ("argue", "weigh", "known"), "debate"
    )
    assert council.targets["argue"] == ("yea", "nay")
    assert list(council.messages_in("debate")) == ["argue", "weigh", "known"]


def test_a_redirect_of_no_kind_is_refused() -> None:
    nothing = Redirect(id="nothing", place=Place(FILE, 1, 1))
    council = replace(playbook(HEAD + "  - {id: a, check: true}\n"), redirects=(nothing,))
    with pytest.raises(TypeError, match="nothing"):
        plan_redirects(Draft(), council, [], {})
