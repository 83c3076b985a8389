import re

import pytest
from msgspec.structs import replace

from overlord_run.cli.report.plan.sums import text_digest
from overlord_run.cli.report.plan.text import plan_text
from overlord_run.plan.model import Plan
from overlord_run.plan.redirects import PlannedBlock
from overlord_run.playbook.model import Provenance, Rate
from overlord_run.playbook.money import Limits, Price, Rates, nano_usd
from unit.cli.report.plan.plans import COUNCIL, RANK, SYSTEM, TASK, flow, prepared


def short(text: str) -> str:
    return text_digest(text)[:19]


def test_a_plan_tells_the_rate_that_it_keeps() -> None:
    limited = prepared()
    limited = replace(limited, settings=replace(limited.settings, rate=Rate(1, 90_000)))
    line = "calls    timeout 90 s, concurrency 8, attempts 3, 1 request a minute, 90,000 tokens a minute"
    assert plan_text(limited).splitlines()[3] == line


def test_a_plan_tells_who_is_sent_what_and_what_waits_for_which_replies() -> None:
    assert plan_text(prepared()) == (
        "Plan of council (council.yml); nothing has been sent\n"
        f"digest   {COUNCIL.to_json()['digest']}\n"
        "engine   https://api.sakana.ai/v1\n"
        "calls    timeout 90 s, concurrency 8, attempts 3\n"
        'model    normal is fugu, with {"max_tokens": 100}, timeout 30 s, unpriced\n'
        "model    ultra is fugu-ultra, unpriced\n"
        "to prove fugu and fugu-ultra\n"
        "override the timeout is 90 s, by --timeout\n"
        "\n"
        "slot   role    model   profile       system message\n"
        f"alder  critic  normal  consultation  about 3 tokens, {short(SYSTEM)}\n"
        f"birch  critic  normal  consultation  about 3 tokens, {short(SYSTEM)}\n"
        f"oak    critic  ultra   consultation  about 3 tokens, {short(SYSTEM)}\n"
        "\n"
        "startup: side by side\n"
        f"  to alder, birch: about 5 tokens, {short(TASK)}\n"
        "    Judge it.\n"
        "\n"
        "    Briefly.\n"
        "\n"
        "rank: to role:critic; after startup; 1 of 2 must answer; timeout 12 s; a failure stops the run\n"
        f"  to alder, birch: about 3 tokens, {short(RANK)}\n"
        "    Rank them.\n"
        "\n"
        "verdict: to oak; after rank; 1 of 1 must answer\n"
        "  to oak: waits for the replies to rank; its template:\n"
        "    {{ replies.rank.alder }}\n"
        "\n"
        "output   from                      file\n"
        "verdict  replies.verdict.oak.text  verdict.md\n"
        "report   # Report\n"
        "\n"
        "In all 5 calls; about 25 tokens are known now, the texts of 1 call wait for replies\n"
        "Cost without a ceiling: ultra sets no max_tokens"
    )


BOUNDED = {alias: replace(model, params={"max_tokens": 100}) for alias, model in COUNCIL.models.items()}
DEAR, FREE = (Price(Rates(nano_usd(usd), nano_usd(usd), nano_usd(2 * usd))) for usd in (1000, 0))


@pytest.mark.parametrize(
    ("prices", "told"),
    [
        ({"normal": DEAR, "ultra": DEAR}, "Cost at most about 2.99 USD, if every answer is as long as it may be"),
        (
            {"normal": FREE, "ultra": DEAR},
            "Cost at most about 0.8340 USD, if every answer is as long as it may be",
        ),
        (
            {"normal": DEAR, "ultra": None},
            "Cost at most about 2.16 USD + unpriced (ultra), if every answer is as long as it may be",
        ),
        ({"normal": None}, "Cost unpriced: normal and ultra have no price"),
    ],
)
def test_a_plan_tells_what_it_may_cost_at_most(prices: dict[str, Price | None], told: str) -> None:
    plan = replace(COUNCIL, models=BOUNDED)
    assert plan_text(replace(prepared(plan), prices=prices)).endswith(f"\n{told}")


def test_a_plan_tells_prices_and_budget() -> None:
    one = replace(prepared(), prices={"normal": DEAR})
    settings = replace(one.settings, limits=Limits(nano_usd=2_500_000_000, requests=50))
    lines = plan_text(replace(one, settings=settings)).split("\n")
    assert lines[4].endswith("timeout 30 s, 1,000.00 USD in and 2,000.00 USD out a million tokens")
    assert lines[6:8] == ["budget   2.50 USD", "budget   50 requests"]


def test_a_plan_tells_each_pack_once_with_the_commit_that_is_read() -> None:
    tagged = Provenance(pack="acme", git="file:///acme", rev="v1", kind="tag", commit="1a2b3c4d" * 5)
    pinned = replace(tagged, pack="blue", rev=tagged.commit, kind="commit")
    sources = {
        "critic": tagged,
        "judge": tagged,
        "planner": pinned,
        "own": Provenance(),
        "b": Provenance(pack="builtin"),
    }
    lines = plan_text(prepared(replace(COUNCIL, sources=sources))).split("\n")
    assert [line for line in lines if line.startswith("pack ")] == [
        "pack     acme is tag v1, commit 1a2b3c4d",
        "pack     blue is commit 1a2b3c4d",
    ]


def test_the_exact_request_bodies_are_told_where_they_are_asked_for() -> None:
    told = plan_text(prepared(engine="rehearsal"), with_bodies=True)
    assert "\nengine   the rehearsal: no key, no network\n" in told
    assert told.partition("max_tokens\n\n")[2].startswith(
        "startup to alder, the request body:\n"
        "{\n"
        '  "model": "fugu",\n'
        '  "messages": [\n'
        "    {\n"
        '      "role": "system",\n'
        '      "content": "You advise."\n'
        "    },\n"
    )


def test_a_plan_without_startup_and_outputs_has_no_such_parts() -> None:
    silent = Plan("council", "", {}, {}, None, COUNCIL.models, COUNCIL.servants[2:], COUNCIL.redirects[1:], ())
    parts = plan_text(prepared(silent)).split("\n\n")
    assert [part.partition(":")[0].partition(" ")[0] for part in parts] == ["Plan", "slot", "verdict", "In"]


def test_conditions_checks_questions_and_rounds_are_told_as_they_are_written() -> None:
    told = plan_text(prepared(flow()))
    assert [line for line in told.splitlines() if re.match(r"(  )?\w+: .*(after|as the)", line)] == [
        "open: to all; after startup; 1 of 3 must answer",
        "aside: to oak; after startup; when not inputs.is_urgent; 1 of 1 must answer; a failure stops the run",
        (
            "debate: block until replies.weigh.oak.json and round > 1, at most 3 rounds, then it is done; "
            "after open and aside; needs aside"
        ),
        '  argue: to role:side where servant.slot == "yea" or round > 1; as the round begins; any of these must answer',
        "  again: to yea; as the round begins; when true; 1 of 1 must answer",
        "  weigh: to oak; after argue and again; 1 of 1 must answer; JSON that fits its schema, 1 repair",
        '  enough: check replies.weigh.oak.text != "never"; after weigh',
        "twice: block of 2 rounds; after debate",
        "  ping: to nay; as the round begins; 1 of 1 must answer",
        "gate: check true; after twice",
        "sign_off: pause for a person's word; after gate and debate; needs debate",
        "last: to oak; after sign_off; 1 of 1 must answer",
    ]
    assert (
        '  enough: check replies.weigh.oak.text != "never"; after weigh\n'
        "    where it is false:\n"
        "      round {{ round }} says never\n"
    ) in told
    assert (
        "sign_off: pause for a person's word; after gate and debate; needs debate\n"
        "    Settled: {{ replies.weigh.oak }}. Shall it go out?\n"
    ) in told


def test_a_call_counts_as_often_as_its_block_has_rounds() -> None:
    council = flow()
    asked = {"open": 3, "aside": 1, "argue": 2 * 3, "again": 3, "weigh": 3, "ping": 2, "last": 1}
    told = plan_text(prepared(council)).splitlines()[-2]
    assert told.startswith(f"In all at most {sum(asked.values())} calls; ")
    assert told.endswith(f"the texts of {asked['argue'] + asked['weigh'] + asked['last']} calls wait for replies")
    assert {message.id for message in council.messages()} == asked.keys()


def test_a_block_that_must_be_done_in_time_says_so() -> None:
    (block,) = (each for each in flow().redirects if isinstance(each, PlannedBlock) and each.repeat.until)
    strict = replace(block, repeat=replace(block.repeat, at_max="fail", max=1), on_failure="stop")
    told = plan_text(prepared(replace(flow(), redirects=(strict,))))
    assert "at most 1 round, then it fails; after open and aside; needs aside; a failure stops the run\n" in told
