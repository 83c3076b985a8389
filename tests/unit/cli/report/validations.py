"""What `validate` can find, as values: the reports are made of them."""

from overlord_run.app.validate import Validation
from overlord_run.problem import Problem

UNKNOWN = Problem("./a/council.yml", 3, 5, "unknown-key", "unknown key 'rols'", "did you mean 'roles'?")
UNUSED = Problem("./a/council.yml", 9, 1, "unused-input", "nothing reads the input 'plan'", severity="warning")
# A file's name is somebody else's, and so is what a message quotes.
HOSTILE = Problem('b,:%"<\u202e\x07\udcff\ufffe \n::error::.yml', 1, 1, "yaml-syntax", "100% \n::set-env\r\n<&>\ufffe")

FOUND = Validation(
    ("./a/council.yml", "c.yml", HOSTILE.file),
    (UNKNOWN, UNUSED, HOSTILE),
    0,
    {("./a/council.yml", 3): "    rols: {}", ("./a/council.yml", 9): "plan: {type: string}"},
)
NOTHING = Validation(("c.yml",), (), 0, {})
