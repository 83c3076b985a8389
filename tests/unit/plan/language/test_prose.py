from overlord_run.plan.language.prose import VALUE
from overlord_run.plan.language.templates import prose_of
from overlord_run.playbook.texts import Place, Text


def prose(source: str) -> list[str]:
    return prose_of(Text(source, Place("f", 1, 1))).split("\n")


def test_a_text_without_a_template_is_all_prose() -> None:
    assert prose("Look at it.\nThen judge.\n") == ["Look at it.", "Then judge.", ""]


def test_the_words_of_a_template_stand_on_its_lines() -> None:
    source = "Look at {{ x\n}} there.\n{% if a %}\nRun {# not\nthis #} it.\n{% endif %}\n\n{{ y }}\nEnd"
    assert prose(source) == [f"Look at {VALUE}", " there.", "", "Run ", " it.", "", "", VALUE, "End"]


def test_code_is_no_prose() -> None:
    assert prose("{% raw %}{{ x }}{% endraw %}{{ 'Run the tests' }}") == [f"{{{{ x }}}}{VALUE}"]
