import pytest

from overlord_run.plan.deeds import DEEDS, check_deeds, orders
from unit.plan.councils import COUNCIL, playbook

ORDERED = {
    "run commands": [
        "Run the tests.",
        "Look at it. Then run all unit tests.",
        "Please execute the migration script, and say what it prints.",
        "You must run `make check`.",
        "Run pytest and fix what fails.",
        "run npm install",
        "- Re-run the failing test.",
        "2. Install the dependencies.",
        "Restart the web server.",
        "Open a terminal.",
        "Judge it:\n\nRun the tests.",
        "Use the shell to list the files.",
        "Run the app, and click through the login.",
        "Run all of the tests.",
        "Run the following: make check",
        "Write the patch, then run the tests.",
        "Make sure to run the tests before you answer.",
        "Install it with care and run the script.",
    ],
    "use a browser or the network": [
        "Open the browser.",
        "Visit https://example.org and read it.",
        "Curl the endpoint and report its status.",
        "Search online for similar incidents.",
        "Look up the known vulnerabilities on the web.",
        "Google the error message.",
        "Take a screenshot of the page.",
        "Search the web for similar incidents.",
        "Look each of them up online.",
        "Now download the page, please. Go to the website.",
    ],
    "work on pull requests": [
        "Open a pull request with the fix.",
        "Merge the PR!",
        "Finally, submit a new merge request.",
        "Open an issue for each finding.",
        "Fix the bug and open a pull request.",
        "Fix the bug and open a\npull request.",
    ],
    "change a repository": [
        "Commit the changes.",
        "Push it.",
        "Implement the change, commit it and push it to main.",
        "Push your branch to the remote.",
        "Create a new branch for it.",
        "Clone the repository first.",
        "Tag the release.",
    ],
    "deploy or release": ["Deploy it.", "Deploy the new version.", "Redeploy to staging.", "Publish the package."],
    "write files": ["Save your report to a file.", "Write the findings into `findings.md`.", "Save it as plan.md."],
    "send messages": ["Send an email to the team.", "Post your summary in Slack.", "Post it to the #releases channel."],
}
LEFT_ALONE = [
    "Do not run the tests.",
    "Never open a pull request.",
    "Suggest the command that runs the tests.",
    "Say which tests to run, and how to deploy the release.",
    "Should we deploy the release? Merge the pull request or hold it?",
    "Run through the tests and name what is missing.",
    "Run the numbers.",
    "Run the script in your head, and say what it prints.",
    "Commit to one answer.",
    "Push back where you disagree.",
    "Merge the findings into groups.",
    "Open questions come first. Open pull requests are listed below.",
    "Create a list of tests. Create a template for pull requests.",
    "Deploy: what can go wrong?",
    "Publish date, author and title are given.",
    "Write the message for its commit.",
    "Write your answer in one sentence.",
    "Send is the name of the command.",
    "The plan says: Run the tests.",
    "They will then\nrun the tests, and\nopen a pull request.",
    "Judge these steps:\n- Run the tests.\n  Deploy it\n1) Push it.\n\n* Deploy to production.",
    "Judge it.\n```\nRun the tests.\n```",
    "Comment on the pull request below.",
    "What would you do by hand? e.g. run the tests",
    "Create a pull request template for this repository. Make the pull request title shorter.",
    "Open the pull request description with a summary. Submit a pull request review as text.",
    "Open an issue of principle if you see one. Search the web of dependencies below for a cycle.",
    "Create a branch naming scheme. Tag the release-blocking findings. Tag the commit messages below by kind.",
    "Start the service review with authentication. Use the browser logs below. Use a browser-neutral wording.",
    "Run every test case below through the rule. Run tests: list those that are missing.",
    "Run a build-versus-buy comparison. Commit the code review to three findings.",
    "Publish the release notes as Markdown. Write it to a file-like structure.",
    "Execute the script main.py in your head, and say what it prints.",
    "Execute the pipeline as a thought experiment.",
    "Write a script that installs it and runs the tests. Describe how you fix it and open a pull request.",
    "Review what they would change and deploy the release. Update the plan so we run the build and deploy the app.",
    "Fix it. The team will then review it and deploy the release.",
    "Deploy\nThe release is on Friday.",
    "Run the tests\nor not?",
    "Write it under these headings:\nPrepare\nDeploy the release\nVerify",
]


def deeds(text: str) -> list[tuple[int, str]]:
    return list(orders(text))


@pytest.mark.parametrize(("deed", "text"), [(deed, text) for deed, texts in ORDERED.items() for text in texts])
def test_an_order_that_a_servant_cannot_carry_out_is_found(deed: str, text: str) -> None:
    assert {found for _, found in deeds(text)} == {deed}


def test_every_kind_of_deed_has_its_orders_here() -> None:
    assert list(ORDERED) == list(DEEDS)


@pytest.mark.parametrize("text", LEFT_ALONE)
def test_what_is_no_order_is_left_alone(text: str) -> None:
    assert deeds(text) == []


def test_the_line_of_each_order_is_told() -> None:
    assert deeds("Judge it.\nThen fix it and\nrun\nthe tests.\n- Say what\n  you think. Deploy\n  it.") == [
        (3, "run commands"),
        (6, "deploy or release"),
    ]
    text = "Read the plan.\n\n```\nRun it.\n```\n\nRun the tests.\nDo this.\n- Deploy it. Then push it.\n"
    assert deeds(text) == [(7, "run commands"), (9, "deploy or release"), (9, "change a repository")]


def test_orders_are_looked_for_in_tasks_and_messages_alone() -> None:
    text = COUNCIL.replace("List what can go wrong.", "Run the tests.").replace("You weigh", "Run the tests. You weigh")
    text = text.replace("Rank your three worst findings", "Look at {{ servant.slot }}. Open a pull request")
    assert [str(found) for found in check_deeds(playbook(text))] == [
        (
            "council.yml:16:7: warning: a servant cannot run commands: it only answers in text "
            "(ask what should be done, and do it yourself) [beyond-advice]"
        ),
        (
            "council.yml:29:14: warning: a servant cannot work on pull requests: it only answers in text "
            "(ask what should be done, and do it yourself) [beyond-advice]"
        ),
    ]
