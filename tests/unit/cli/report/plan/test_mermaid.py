"""A plan as a picture: what is drawn. That Mermaid reads it, its parser says in tests/acceptance/test_mermaid.py."""

from msgspec.structs import replace

from overlord_run.cli.report.plan.labels import label, some
from overlord_run.cli.report.plan.mermaid import mermaid
from overlord_run.plan.model import PlannedOutput
from overlord_run.playbook.texts import Text
from unit.cli.report.plan.plans import COUNCIL, PLACE, flow


def test_servants_redirects_in_order_and_who_reads_whom_are_drawn() -> None:
    assert mermaid(COUNCIL) == (
        "flowchart TD\n"
        '  subgraph servants["council: 3 servants"]\n'
        '    servants1[["alder, birch<br>critic, fugu"]]\n'
        '    servants2[["oak<br>critic, fugu-ultra"]]\n'
        "  end\n"
        '  startup(["startup<br>to alder, birch"])\n'
        '  r_rank["rank<br>to role:critic: alder, birch"]\n'
        '  r_verdict["verdict<br>to oak"]\n'
        '  out1[/"output verdict"/]\n'
        '  out2[/"output report"/]\n'
        "  servants1 --- startup\n"
        "  servants2 --- r_verdict\n"
        "  startup --> r_rank\n"
        "  r_rank --> r_verdict\n"
        '  r_rank -.->|"replies of alder"| r_verdict\n'
        '  r_verdict -.->|"replies"| out1\n'
    )


def test_checks_pauses_and_blocks_have_shapes_of_their_own() -> None:
    drawn = mermaid(flow()).splitlines()
    for line in (
        '  subgraph r_debate["debate: 3 rounds at most, until replies.weigh.oak.json and round #62; 1"]',
        '    r_argue["argue<br>to role:side: yea, nay<br>only servant.slot == #34;yea#34; or round #62; 1"]',
        '  subgraph r_twice["twice: 2 rounds"]',
        '  r_gate{"gate<br>check true"}',
        '  r_sign_off{{"sign_off<br>waits for a person"}}',
        '  r_aside -->|"needs"| r_debate',
        '  r_enough -->|"next round"| r_argue',
        '  r_argue -.->|"replies of the round before"| r_argue',
        '  r_weigh -.->|"replies decide"| r_enough',
    ):
        assert line in drawn
    # What goes round and round stands first, so that its own order is drawn downwards.
    assert drawn[1].startswith("  subgraph r_debate")
    # No line leads from a box to what stands around it.
    assert not any(line.startswith("  r_weigh -.->") and line.endswith(" r_debate") for line in drawn)


def test_one_round_leads_to_no_next_one() -> None:
    block = next(each for each in flow().redirects if each.id == "twice")
    once = replace(flow(), redirects=(replace(block, repeat=replace(block.repeat, max=1)),), outputs=(), last="ping")
    drawn = mermaid(once)
    assert '  subgraph r_twice["twice: one round"]\n' in drawn
    assert "next round" not in drawn
    assert drawn.endswith('  r_ping -.->|"replies"| out\n')


def test_what_goes_to_nobody_is_drawn_as_such() -> None:
    alone = replace(COUNCIL, redirects=(replace(COUNCIL.redirects[0], targets=(), texts={}),), servants=())
    assert '  r_rank["rank<br>to role:critic: nobody"]\n' in mermaid(alone)


def test_of_many_roles_and_outputs_the_first_are_drawn_and_the_others_are_counted() -> None:
    servants = tuple(replace(COUNCIL.servants[0], slot=f"s{number}", role=f"r{number}") for number in range(20))
    outputs = tuple(PlannedOutput(f"o{number}", Text("1", PLACE), None, None) for number in range(14))
    drawn = mermaid(replace(COUNCIL, servants=servants, redirects=(), outputs=outputs)).splitlines()
    assert '    others[["and 8 more servants"]]' in drawn
    assert '  out[/"and 2 more outputs"/]' in drawn
    assert sum(line.endswith(" --- startup") for line in drawn) == 12


def test_of_many_servants_the_first_are_named() -> None:
    assert some(["a", "b"]) == "a, b"
    assert some([f"s{number}" for number in range(2000)]) == "s0, s1, s2, s3, s4, s5 and 1,994 more"


def test_a_label_has_each_line_on_its_own_and_no_sign_that_means_something() -> None:
    assert label(["sign_off", "a < b"]) == '"sign_off<br>a #60; b"'
    assert label(["_em_ a_b __x"]) == '"#95;em#95; a_b #95;_x"'
    assert label(["x" * 100]) == f'"{"x" * 72}#8230;"'
    assert label(["$$$ \ufb02 \xb6\xdf \\n fa:fa-car"]) == '"#36; #36; #36; fl #182; \xdf #92; n fa: fa-car"'
    assert label(["one\n\n  two\u200b"]) == '"one two#92;u200b"'
