from collections.abc import Mapping

import pytest

from overlord_run.plan.checks import check, check_role_file
from overlord_run.plan.language.kinds import Known
from overlord_run.plan.language.templates import Wanted, impossible
from overlord_run.playbook.model import Input, RoleFile
from overlord_run.playbook.texts import Place, Text
from overlord_run.problem import Problem
from unit.plan.councils import COUNCIL, FILE, playbook, text

Change = tuple[str, str]

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
READING_ALL = '"{{ inputs.plan }} {{ vars.team.lead }}"'

EVERYTHING = (
    "there are: 'inputs', 'vars', 'host', 'playbook', 'namespace', 'range', 'replies', 'approvals', 'servants', "
    "'servant'"
)
OF_A_SERVANT = "there are: 'slot', 'name', 'role', 'model', 'profile', 'with'"
NO_EXPECT = "give the redirect 'rank' an 'expect' with the schema of its answer"
UNKNOWN_TAG = "this cannot be read: encountered unknown tag '{}'"
NO_TASK = "'oak' has no task, so it gives no reply at startup"
ITSELF = "'verdict' reads the replies to itself"
UNREADABLE = "this cannot be read: expected token 'end of print statement', got 'b'"
AS_IN_JINJA = "a template is written as in Jinja: {{ value }}, {% tag %}, {# note #}"
NO_SERVANT = "an output belongs to no servant; read servants.SLOT"
NOBODY_YET = "nobody has been asked yet; messages and outputs see it"
BY_WITH = "give it to the servant by 'with', beside 'for_each', and read servant.with.NAME"
ITS_OWN = "a role sees only its own inputs and servant: declare an input, and fill it by 'with'"
FILLING = "it is what is being filled here"


def problems(message: str = "Judge.", value: str = "replies.verdict.oak", *changes: Change) -> list[Problem]:
    source = BASE.replace("MESSAGE", message).replace("VALUE", value)
    for old, new in changes:
        assert old in source
        source = source.replace(old, new)
    return check(playbook(source))


def changed(*changes: Change) -> list[Problem]:
    return problems("Judge.", "replies.verdict.oak", *changes)


def test_a_playbook_that_reads_only_what_is_there_has_no_problems() -> None:
    assert check(playbook(COUNCIL)) == []
    assert problems() == []


@pytest.mark.parametrize(
    "message",
    [
        "{{ inputs.plan.upper() }} {{ vars.team }} {{ vars.team.lead.upper() }} {{ vars.items() }}",
        "{{ servant.slot }}{{ servant.name }}{{ servant.role }}{{ servant.model }}{{ servant.profile }}",
        "{{ servant.with }}{{ servant.with.items() }}",
        "{{ servants.alder.state }}{{ servants.alder.with.focus }}{{ servants | length }}{{ servants['oak'].slot }}",
        "{{ host.platform }}{{ host.shell }}{{ host.paths }}{{ playbook.name }}",
        "{{ replies.rank.alder }}{{ replies.rank.alder.cut }}{{ replies.rank.alder.upper() }}",
        "{{ replies.startup.alder }}{{ replies.startup | length }}",
        "{% for slot, r in replies.rank | items %}{{ slot }}{{ r.text }}{% endfor %}{{ replies.rank.get('alder') }}",
        "{% for id, all in replies | items %}{{ id }}{{ all }}{% endfor %}{{ replies['rank'][servant.slot] }}",
        "{% for i in range(3) %}{{ loop.index }}{% endfor %}{% set ns = namespace(a=1) %}{{ ns.a }}",
    ],
)
def test_a_message_sees(message: str) -> None:
    assert problems(message) == []


@pytest.mark.parametrize(
    ("message", "rule", "told", "hint"),
    [
        ("{{ input.plan }}", "unknown-name", "nothing is named 'input' here", "did you mean 'inputs'?"),
        ("{{ thing }}", "unknown-name", "nothing is named 'thing' here", EVERYTHING),
        ("{{ item }}", "unknown-name", "nothing is named 'item' here", BY_WITH),
        ("{{ inputs.pln }}", "undeclared-input", "no input is named 'pln'", "did you mean 'plan'?"),
        ("{{ vars.x }}", "undeclared-var", "no constant is named 'x'", "there are: 'team'"),
        ("{{ vars.team.led }}", "unknown-attribute", "'vars.team' has no 'led'", "did you mean 'lead'?"),
        ("{{ servant.state }}", "unknown-attribute", "'servant' has no 'state'", OF_A_SERVANT),
        ("{{ servant.with.focus }}", "unknown-attribute", "'servant.with' has no 'focus'", "there are none"),
        ("{{ servants.aldr }}", "unknown-slot", "no servant is in a slot 'aldr'", "did you mean 'alder'?"),
        ("{{ servants.oak.stat }}", "unknown-attribute", "'servants.oak' has no 'stat'", "did you mean 'state'?"),
        ("{{ host.os }}", "unknown-attribute", "'host' has no 'os'", "there are: 'platform', 'shell', 'paths'"),
        ("{{ playbook.file }}", "unknown-attribute", "'playbook' has no 'file'", "there are: 'name'"),
        ("{{ replies.rnk.alder }}", "unknown-reply", "no message is named 'rnk'", "did you mean 'rank'?"),
        ("{{ replies.rank.aldr }}", "unknown-slot", "no servant is in a slot 'aldr'", "did you mean 'alder'?"),
        ("{{ replies.rank.oak }}", "not-a-target", "'oak' is not a target of 'rank'", "there are: 'alder'"),
        ("{{ replies.startup.oak }}", "not-a-target", NO_TASK, "there are: 'alder'"),
        ("{{ replies.rank.alder.json }}", "unknown-attribute", "'replies.rank.alder' has no 'json'", NO_EXPECT),
        ("{{ replies.verdict.oak }}", "unordered-reply", ITSELF, "read the replies to an earlier message"),
        ("{{ a b }}", "template-syntax", UNREADABLE, AS_IN_JINJA),
        ("{% fro a in b %}", "template-syntax", UNKNOWN_TAG.format("fro"), "did you mean 'for'?"),
        ("{% debug %}", "template-syntax", UNKNOWN_TAG.format("debug"), AS_IN_JINJA),
    ],
)
def test_a_message_does_not_see(message: str, rule: str, told: str, hint: str) -> None:
    assert problems(message) == [Problem(FILE, 17, 37, rule, told, hint)]


@pytest.mark.parametrize(
    ("value", "rule", "told", "hint"),
    [
        ("servant.slot", "unknown-name", "nothing is named 'servant' here", NO_SERVANT),
        ("off", "unknown-name", "nothing is named 'off' here", "write false; to YAML 1.2 off is text"),
        ("replies.verdict.oak.txt", "unknown-attribute", "'replies.verdict.oak' has no 'txt'", "did you mean 'text'?"),
        ("{{ host }}", "expression-braces", "an expression stands here, not a template", "leave out the braces"),
    ],
)
def test_an_output_does_not_see(value: str, rule: str, told: str, hint: str) -> None:
    assert problems("Judge.", value) == [Problem(FILE, 19, 20, rule, told, hint)]


def test_an_output_sees_every_reply_and_state() -> None:
    assert problems("Judge.", "[replies.rank.alder, replies.startup, replies.verdict.oak.cut]") == []
    assert problems("Judge.", "[servants.oak.state, host.shell, vars, inputs.plan]") == []
    assert changed(('{value: "replies.verdict.oak"}', "{text: '{{ replies.verdict.oak }} {{ playbook.name }}'}")) == []


@pytest.mark.parametrize(
    ("old", "new", "column", "told", "hint"),
    [
        ("Weigh.", "'{{ vars.team }}'", 19, "nothing is named 'vars' here", ITS_OWN),
        ("Weigh.", "'{{ host.shell }}'", 19, "nothing is named 'host' here", ITS_OWN),
        ("Weigh.", "'{{ replies.rank }}'", 19, "nothing is named 'replies' here", ITS_OWN),
        ("Weigh.", "'{{ inputs.plan }}'", 19, "no input is named 'plan'", "there are none"),
        (
            "oak, role: judge}",
            "oak, role: judge, task: '{{ replies.rank }}'}",
            36,
            "nothing is named 'replies' here",
            NOBODY_YET,
        ),
        (
            "oak, role: judge}",
            "oak, role: judge, task: '{{ servant.with.a }}'}",
            36,
            "'servant.with' has no 'a'",
            "there are none",
        ),
        (
            "role: critic, ",
            "role: critic, with: {focus: '{{ servants }}'}, ",
            47,
            "nothing is named 'servants' here",
            NOBODY_YET,
        ),
        (
            "role: critic, ",
            "role: critic, with: {focus: '{{ servant.with }}'}, ",
            47,
            "'servant' has no 'with'",
            FILLING,
        ),
    ],
)
def test_nothing_else_is_seen_by_roles_tasks_and_with(old: str, new: str, column: int, told: str, hint: str) -> None:
    (problem,) = changed((old, new))
    assert (problem.column, problem.message, problem.hint) == (column, told, hint)


def test_what_roles_tasks_and_with_do_see() -> None:
    changes = [
        ("Weigh.", "'{{ servant.name }} {{ servant.with }} {{ inputs }}'"),
        ("judge: {", "judge: {task: '{{ host.shell }} {{ servant.with }}', with: {}, "),
        ("role: critic, task", "role: critic, with: {focus: '{{ servant.slot }} {{ vars.team.lead }}'}, task"),
    ]
    assert changed(*changes) == []


def test_a_template_deep_in_with_is_checked() -> None:
    changes = [
        ("type: string, default: all of it", "type: array, default: []"),
        ("role: critic, task", "role: critic, with: {focus: [{deep: ['{{ nobody }}']}]}, task"),
    ]
    (problem,) = changed(*changes)
    assert (problem.line, problem.column, problem.message) == (13, 56, "nothing is named 'nobody' here")


@pytest.mark.parametrize(
    ("after", "unordered"),
    [
        ("", []),
        ("after: [rank], ", []),
        (
            "after: [], ",
            [(48, "'rank' need not have been answered when 'verdict' begins", "add rank to its 'after'")],
        ),
    ],
)
def test_a_message_reads_only_replies_that_are_certainly_there(
    after: str, unordered: list[tuple[int, str, str]]
) -> None:
    found = problems("{{ replies.rank.alder }}", "replies.verdict.oak", ("to: oak, ", f"to: oak, {after}"))
    assert [(one.column, one.message, one.hint) for one in found] == unordered


def test_replies_at_startup_are_always_there() -> None:
    assert problems("{{ replies.startup.alder }}", "1", ("to: oak, ", "to: oak, after: [], ")) == []


def test_a_key_wins_over_a_method() -> None:
    changes = [("id: rank", "id: items"), ("to: oak, ", "to: oak, after: [], ")]
    (problem,) = problems("{{ replies.items.alder }}", "1", *changes)
    assert problem.message == "'items' need not have been answered when 'verdict' begins"


def test_what_servants_have_by_with_is_what_any_target_has() -> None:
    assert problems("{{ servant.with.focus }}", "1", ("to: oak", "to: [oak, alder]")) == []


def test_each_problem_is_told_at_the_line_of_a_block() -> None:
    block = "message: |\n      One.\n      {{ a }}\n\n      {{ b }}"
    found = changed(("- {id: verdict, to: oak, ", "- id: verdict\n    to: oak\n    "), ('message: "Judge."}', block))
    assert [(one.line, one.column, one.rule) for one in found] == [(21, 7, "unknown-name"), (23, 7, "unknown-name")]


MANY = "\n".join(f"  - {{slot: s{number}, role: critic, task: TASK}}" for number in range(50))


def test_a_text_that_many_servants_have_is_followed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    followed: list[str] = []

    def counted(text: Text, known: Mapping[str, Known], wanted: Wanted) -> list[Problem]:
        followed.append(text.source)
        return impossible(text, known, wanted)

    monkeypatch.setattr("overlord_run.plan.checks.impossible", counted)
    many = MANY.replace("TASK", '"{{ servant.name.upper() }}"')
    assert changed(("assignments:", f"assignments:\n{many}")) == []
    assert followed.count("{{ servant.name.upper() }}") == 1


def test_a_wrong_text_that_many_servants_have_is_told_at_each() -> None:
    many = MANY.replace("TASK", '"{{ servant.name.x }}"')
    found = changed(("assignments:", f"assignments:\n{many}"))
    assert [(one.line, one.message) for one in found] == [(line, "text has no 'x'") for line in range(13, 63)]


def test_what_nobody_reads_is_a_warning() -> None:
    found = changed((READING_ALL, "Begin."), ("system: Review for {{ inputs.focus }}.", "system: Review."))
    assert [str(one).removeprefix(f"{FILE}:") for one in found] == [
        "4:3: warning: no template reads the input 'plan' (remove it, or read it as inputs.plan) [unused-input]",
        "6:3: warning: no template reads the constant 'team' (remove it, or read it as vars.team) [unused-var]",
        "10:14: warning: no template reads the input 'focus' (remove it, or read it as inputs.focus) [unused-input]",
    ]


@pytest.mark.parametrize("slot", ["t_{{ item }}", "{{ item }}"])
@pytest.mark.parametrize(
    "message",
    [
        "{% for reply in replies.rank.values() %}{{ reply.text }}{% endfor %}",
        "{{ replies.startup.keys() | join }} {{ replies.rank.items() | list }} {{ replies.rank.get('t_one') }}",
        "{{ servants.values() | map(attribute='state') | unique | join }} {{ replies.rank['values']() }}",
    ],
)
def test_where_for_each_makes_slots_a_method_is_no_slot(slot: str, message: str) -> None:
    made = f'{{slot: "{slot}", role: critic, for_each: "range(3)", task:'
    assert problems(message, "1", ("{slot: alder, role: critic, task:", made)) == []


def test_a_slot_that_is_no_name_of_what_for_each_makes_is_told() -> None:
    found = problems("{{ replies.rank.t_one }}", "1", ("{slot: alder,", '{slot: "s_{{ item }}", for_each: "range(3)",'))
    assert [one.message for one in found] == ["no servant is in a slot 't_one'"]


@pytest.mark.parametrize("whole", ["{{ inputs }} {{ vars | to_json }}", "{{ inputs[servant.slot] }}{{ vars.items() }}"])
def test_what_is_read_whole_is_used(whole: str) -> None:
    assert problems(whole, "1", (READING_ALL, "Begin.")) == []


@pytest.mark.parametrize(
    "message",
    ["{{ servants.alder.with.focus }}", "{{ servants.alder.with }}", "{{ servants }}", "{{ servants.alder }}"],
)
def test_a_roles_input_that_others_read_is_used(message: str) -> None:
    assert problems(message, "1", ("Review for {{ inputs.focus }}.", "Review.")) == []


def test_nothing_is_called_unused_where_a_template_cannot_be_read() -> None:
    assert [one.rule for one in problems("{{", "1", (READING_ALL, "Begin."))] == ["template-syntax"]


def test_a_problem_is_told_once_and_no_more_of_them_than_can_be_read() -> None:
    assert len(problems("{{ a }}{{ a }}")) == 1
    assert len(problems("".join(f"{{{{ a{number} }}}}" for number in range(300)))) == 200


def role_file(source: str) -> RoleFile:
    place = Place("critic.md", 4, 3)
    inputs = {"focus": Input("focus", "string", place, required=False, default="all")}
    return RoleFile("critic", place, text(source), inputs=inputs)


def test_a_role_file_is_checked_by_itself() -> None:
    assert check_role_file(role_file("For {{ inputs.focus }}, {{ servant.slot }}.")) == []
    assert [(one.file, one.line, one.rule, one.severity) for one in check_role_file(role_file("{{ vars.a }}"))] == [
        ("council.yml", 10, "unknown-name", "error"),
        ("critic.md", 4, "unused-input", "warning"),
    ]
    assert [one.rule for one in check_role_file(role_file("{{"))] == ["template-syntax"]
