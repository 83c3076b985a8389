import pytest

from overlord_run.plan import rules
from overlord_run.plan.scopes import check, check_role_file
from overlord_run.playbook import parse
from overlord_run.playbook.model import Input, Place, RoleFile
from overlord_run.playbook.rules import RULES
from unit.plan.councils import COUNCIL, FILE, playbook, text

BASE = """\
overlord: 1
name: council
inputs:
  plan: {type: string}
vars:
  team: {lead: Ada}
roles:
  critic:
    system: Review for {{ inputs.focus }}.
    inputs: {focus: {type: string, default: all of it}}
  judge: {system: Weigh.}
assignments:
  - {slot: alder, role: critic, task: "{{ inputs.plan }} {{ vars.team.lead }}"}
  - {slot: oak, role: judge}
redirects:
  - {id: rank, to: role:critic, message: Rank.}
  - {id: verdict, to: oak, message: "MESSAGE"}
outputs:
  verdict: {value: "VALUE"}
"""


def told(message: str = "Judge.", value: str = "replies.verdict.oak", *changes: tuple[str, str]) -> list[str]:
    source = BASE.replace("MESSAGE", message.replace("\\", "\\\\").replace('"', '\\"')).replace("VALUE", value)
    for old, new in changes:
        assert old in source
        source = source.replace(old, new)
    return [str(problem).removeprefix(f"{FILE}:") for problem in check(playbook(source))]


def test_a_playbook_that_reads_only_what_is_there_has_no_problems() -> None:
    assert check(playbook(COUNCIL)) == []
    assert told() == []


@pytest.mark.parametrize(
    "message",
    [
        "{{ inputs.plan.upper() }} {{ vars.team }} {{ vars.team.lead.anything }} {{ vars.items() }}",
        "{{ servant.slot }}{{ servant.name }}{{ servant.role }}{{ servant.model }}{{ servant.profile }}{{ servant.with }}",
        "{{ servants.alder.state }}{{ servants.alder.with.focus }}{{ servants | length }}{{ servants['oak'].slot }}",
        "{{ host.platform }}{{ host.shell }}{{ host.paths }}{{ playbook.name }}",
        "{{ replies.rank.alder }}{{ replies.rank.alder.cut }}{{ replies.rank.alder.upper() }}{{ replies.startup.alder }}",
        "{% for slot, r in replies.rank | items %}{{ slot }}{{ r.text }}{% endfor %}{{ replies.rank.get('alder') }}",
        "{% for id, all in replies | items %}{{ id }}{{ all }}{% endfor %}{{ replies['rank'][servant.slot] }}",
        "{% for i in range(3) %}{{ loop.index }}{% endfor %}{% set ns = namespace(a=1) %}{{ ns.a }}",
    ],
)
def test_a_message_sees(message: str) -> None:
    assert told(message) == []


@pytest.mark.parametrize(
    ("message", "problem"),
    [
        ("{{ input.plan }}", "nothing is named 'input' here (did you mean 'inputs'?) [unknown-name]"),
        (
            "{{ item }}",
            "nothing is named 'item' here (there are: 'inputs', 'vars', 'host', 'playbook', 'namespace', 'range', 'replies', 'servants', 'servant') [unknown-name]",
        ),
        ("{{ inputs.pln }}", "no input is named 'pln' (did you mean 'plan'?) [undeclared-input]"),
        ("{{ vars.x }}", "no constant is named 'x' (there are: 'team') [undeclared-var]"),
        ("{{ vars.team.led }}", "'vars.team' has no 'led' (did you mean 'lead'?) [unknown-attribute]"),
        (
            "{{ servant.state }}",
            "'servant' has no 'state' (there are: 'slot', 'name', 'role', 'model', 'profile', 'with') [unknown-attribute]",
        ),
        ("{{ servant.with.focus }}", "'servant.with' has no 'focus' (there are none) [unknown-attribute]"),
        ("{{ servants.aldr }}", "no servant is in a slot 'aldr' (did you mean 'alder'?) [unknown-slot]"),
        ("{{ servants.oak.stat }}", "'servants.oak' has no 'stat' (did you mean 'state'?) [unknown-attribute]"),
        ("{{ host.os }}", "'host' has no 'os' (there are: 'platform', 'shell', 'paths') [unknown-attribute]"),
        ("{{ playbook.file }}", "'playbook' has no 'file' (there are: 'name') [unknown-attribute]"),
        ("{{ replies.rnk.alder }}", "no message is named 'rnk' (did you mean 'rank'?) [unknown-reply]"),
        ("{{ replies.rank.aldr }}", "no servant is in a slot 'aldr' (did you mean 'alder'?) [unknown-slot]"),
        ("{{ replies.rank.oak }}", "'oak' is not a target of 'rank' (there are: 'alder') [not-a-target]"),
        (
            "{{ replies.startup.oak }}",
            "'oak' has no task, so it gives no reply at startup (there are: 'alder') [not-a-target]",
        ),
        (
            "{{ replies.rank.alder.json }}",
            "'replies.rank.alder' has no 'json' (there are: 'text', 'model', 'finish_reason', 'cut', 'capitalize', 'count', 'endswith', 'lower', 'lstrip', 'removeprefix', 'removesuffix', 'replace', …) [unknown-attribute]",
        ),
        (
            "{{ replies.verdict.oak }}",
            "the message 'verdict' reads the replies to itself (read the replies to an earlier message) [unordered-reply]",
        ),
        ("{{ a b }}", "this cannot be read: expected token 'end of print statement', got 'b' [template-syntax]"),
    ],
)
def test_a_message_does_not_see(message: str, problem: str) -> None:
    assert told(message) == [f"17:35: error: {problem}"]


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        (
            "servant.slot",
            "nothing is named 'servant' here (an output belongs to no servant; read servants.SLOT) [unknown-name]",
        ),
        ("replies.verdict.oak.txt", "'replies.verdict.oak' has no 'txt' (did you mean 'text'?) [unknown-attribute]"),
        (
            "{{ replies.verdict.oak }}",
            "an expression stands here, not a template (leave out the braces) [template-syntax]",
        ),
    ],
)
def test_an_output_does_not_see(value: str, problem: str) -> None:
    assert told("Judge.", value) == [f"19:20: error: {problem}"]


def test_an_output_sees_every_reply_and_state() -> None:
    assert (
        told("Judge.", "[replies.rank.alder, replies.startup, replies.verdict.oak.cut, servants.oak.state, host]") == []
    )
    text_output = ('{value: "replies.verdict.oak"}', "{text: '{{ replies.verdict.oak }} {{ playbook.name }}'}")
    assert told("Judge.", "replies.verdict.oak", text_output) == []


NOBODY_YET = "(nobody has been asked yet; messages and outputs see it) [unknown-name]"
ITS_OWN = "(a role sees only its own inputs and servant: declare an input, and fill it by 'with') [unknown-name]"


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("Weigh.", "'{{ vars.team }}'", f"11:19: error: nothing is named 'vars' here {ITS_OWN}"),
        ("Weigh.", "'{{ host.shell }}'", f"11:19: error: nothing is named 'host' here {ITS_OWN}"),
        ("Weigh.", "'{{ replies.rank }}'", f"11:19: error: nothing is named 'replies' here {ITS_OWN}"),
        ("Weigh.", "'{{ inputs.plan }}'", "11:19: error: no input is named 'plan' (there are none) [undeclared-input]"),
        (
            "{slot: oak, role: judge}",
            "{slot: oak, role: judge, task: '{{ replies.rank }}'}",
            f"14:37: error: nothing is named 'replies' here {NOBODY_YET}",
        ),
        (
            "{slot: oak, role: judge}",
            "{slot: oak, role: judge, task: '{{ servant.with.a }}'}",
            "14:37: error: 'servant.with' has no 'a' (there are none) [unknown-attribute]",
        ),
        (
            "role: critic, task",
            "role: critic, with: {focus: '{{ servants.oak }}'}, task",
            f"13:47: error: nothing is named 'servants' here {NOBODY_YET}",
        ),
        (
            "role: critic, task",
            "role: critic, with: {focus: '{{ servant.with }}'}, task",
            "13:47: error: 'servant' has no 'with' (it is what is being filled here) [unknown-attribute]",
        ),
    ],
)
def test_nothing_else_is_seen_by_roles_tasks_and_with(old: str, new: str, problem: str) -> None:
    assert told("Judge.", "replies.verdict.oak", (old, new)) == [problem]


def test_what_roles_tasks_and_with_do_see() -> None:
    changes = [
        ("Weigh.", "'{{ servant.name }} {{ servant.with }} {{ inputs }}'"),
        ("judge: {", "judge: {task: '{{ host.shell }} {{ servant.with }}', with: {}, "),
        ("role: critic, task", "role: critic, with: {focus: '{{ servant.slot }} {{ vars.team.lead }}'}, task"),
    ]
    assert told("Judge.", "replies.verdict.oak", *changes) == []


def test_a_template_deep_in_with_is_checked() -> None:
    changes = [
        ("type: string, default: all of it", "type: array, default: []"),
        ("role: critic, task", "role: critic, with: {focus: [{deep: ['{{ nobody }}']}]}, task"),
    ]
    (problem,) = told("Judge.", "replies.verdict.oak", *changes)
    assert problem.startswith("13:56: error: nothing is named 'nobody' here")


@pytest.mark.parametrize(
    ("after", "problems"),
    [
        ("", []),
        ("after: [rank], ", []),
        (
            "after: [], ",
            [
                "17:46: error: 'rank' need not have been answered when 'verdict' is sent (add rank to its 'after') [unordered-reply]"
            ],
        ),
    ],
)
def test_a_message_reads_only_replies_that_are_certainly_there(after: str, problems: list[str]) -> None:
    assert told("{{ replies.rank.alder }}", "replies.verdict.oak", ("to: oak, ", f"to: oak, {after}")) == problems


def test_replies_at_startup_are_always_there() -> None:
    assert told("{{ replies.startup.alder }}", "replies.verdict.oak", ("to: oak, ", "to: oak, after: [], ")) == []


def test_what_servants_have_by_with_is_what_any_target_has() -> None:
    assert told("{{ servant.with.focus }}", "replies.verdict.oak", ("to: oak", "to: [oak, alder]")) == []


def test_each_problem_is_told_at_the_line_of_a_block() -> None:
    source = (
        BASE.replace('"MESSAGE"}', "x}")
        .replace("VALUE", "1")
        .replace(
            "  - {id: verdict, to: oak, message: x}",
            "  - id: verdict\n    to: oak\n    message: |\n      One.\n      {{ a }}\n\n      {{ b }}",
        )
    )
    assert [(one.line, one.column, one.rule) for one in check(playbook(source))] == [
        (21, 7, "unknown-name"),
        (23, 7, "unknown-name"),
    ]


def test_a_key_wins_over_a_method() -> None:
    changes = [("id: rank", "id: items"), ("to: oak, ", "to: oak, after: [], ")]
    (problem,) = told("{{ replies.items.alder }}", "replies.verdict.oak", *changes)
    assert "'items' need not have been answered" in problem


def test_what_nobody_reads_is_a_warning() -> None:
    unread = [
        ('task: "{{ inputs.plan }} {{ vars.team.lead }}"', "task: Begin."),
        ("system: Review for {{ inputs.focus }}.", "system: Review."),
    ]
    assert told("Judge.", "replies.verdict.oak", *unread) == [
        "4:3: warning: no template reads the input 'plan' (remove it, or read it as inputs.plan) [unused-input]",
        "6:3: warning: no template reads the constant 'team' (remove it, or read it as vars.team) [unused-var]",
        "10:14: warning: no template reads the input 'focus' (remove it, or read it as inputs.focus) [unused-input]",
    ]


@pytest.mark.parametrize("whole", ["{{ inputs }} {{ vars | to_json }}", "{{ inputs[servant.slot] }}{{ vars.items() }}"])
def test_what_is_read_whole_is_used(whole: str) -> None:
    assert told(whole, "replies.verdict.oak", ('"{{ inputs.plan }} {{ vars.team.lead }}"', "Begin.")) == []


@pytest.mark.parametrize(
    "message",
    [
        "{{ servants.alder.with.focus }}",
        "{{ servants.alder.with }}",
        "{{ servants }}",
        "{{ servants.alder }}",
        "{{ servant }}",
    ],
)
def test_a_roles_input_that_others_read_is_used(message: str) -> None:
    assert told(message, "replies.verdict.oak", ("Review for {{ inputs.focus }}.", "Review.")) == []


def test_nothing_is_called_unused_where_a_template_cannot_be_read() -> None:
    problems = told("{{", "replies.verdict.oak", ('"{{ inputs.plan }} {{ vars.team.lead }}"', "Begin."))
    assert [problem.rsplit("[")[-1] for problem in problems] == ["template-syntax]"]


def test_a_problem_is_told_once_and_no_more_than_can_be_read() -> None:
    assert len(told("{{ a }}{{ a }}")) == 1
    assert len(told("".join(f"{{{{ a{number} }}}}" for number in range(300)))) == 200


def test_a_playbook_with_problems_of_its_own_is_looked_at_as_far_as_it_goes() -> None:
    broken = BASE.replace("role: judge}", "role: jugde}").replace("to: role:critic", "after: [nobody], to: role:critic")
    partial, problems = parse.read(broken.replace("MESSAGE", "{{ a }}").replace("VALUE", "1").encode(), FILE)
    assert {one.rule for one in problems} == {"unknown-role", "unknown-redirect"}
    assert partial is not None
    assert [one.rule for one in check(partial)] == ["unknown-name"]


def role_file(source: str) -> RoleFile:
    place = Place("critic.md", 4, 3)
    inputs = {"focus": Input("focus", "string", place, required=False, default="all")}
    return RoleFile("critic", place, text(source), inputs=inputs)


def test_a_role_file_is_checked_by_itself() -> None:
    assert check_role_file(role_file("For {{ inputs.focus }}, {{ servant.slot }}.")) == []
    assert [str(one) for one in check_role_file(role_file("{{ vars.a }}"))] == [
        f"council.yml:10:5: error: nothing is named 'vars' here {ITS_OWN}",
        "critic.md:4:3: warning: no template reads the input 'focus' (remove it, or read it as inputs.focus) [unused-input]",
    ]
    assert [one.rule for one in check_role_file(role_file("{{"))] == ["template-syntax"]


def test_no_rule_is_told_two_ways() -> None:
    assert rules.RULES.keys().isdisjoint(RULES)
