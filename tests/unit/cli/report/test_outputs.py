from pathlib import Path

import pytest

from overlord_run.cli.report.outputs import check_folder, outputs_text, write_outputs
from overlord_run.errors import StoreError
from overlord_run.plan.model import Plan, PlannedOutput, PlannedServant
from overlord_run.playbook.texts import Place, Text


def plan(*outputs: PlannedOutput) -> Plan:
    servant = PlannedServant("alder", "alder", "critic", "normal", "consultation", {}, "You advise.", "Judge it.")
    return Plan("council", "", {}, {}, None, {}, (servant,), (), outputs)


def text_output(name: str, file: str | None = None) -> PlannedOutput:
    return PlannedOutput(name, None, Text("…", Place("council.yml", 1, 1)), file)


def value_output(name: str, file: str | None = None) -> PlannedOutput:
    return PlannedOutput(name, Text("…", Place("council.yml", 1, 1)), None, file)


def test_a_single_text_is_told_bare() -> None:
    assert outputs_text({"verdict": "Ship it.\n"}) == "Ship it.\n"


def test_a_single_value_is_told_as_json() -> None:
    assert outputs_text({"verdict": {"ship": True, "why": "grün"}}) == '{\n  "ship": true,\n  "why": "grün"\n}\n'


def test_several_outputs_have_a_heading_each() -> None:
    assert outputs_text({"verdict": "Ship it.\n", "risks": ["one"]}) == (
        '## verdict\n\nShip it.\n\n## risks\n\n[\n  "one"\n]'
    )


def test_each_output_is_written_exactly_to_its_own_file(tmp_path: Path) -> None:
    council = plan(text_output("verdict", "sub/verdict.md"), value_output("risks"), value_output("summary"))
    check_folder(tmp_path / "out", council)
    written = write_outputs(tmp_path / "out", council, {"verdict": "Ship\r\nit", "risks": [1], "summary": "none"})
    assert written == [str(tmp_path / "out" / name) for name in ("sub/verdict.md", "risks.json", "summary.txt")]
    assert [Path(path).read_bytes() for path in written] == [b"Ship\r\nit", b"[\n  1\n]\n", b"none"]


def test_replies_that_are_the_outputs_are_written_by_slot(tmp_path: Path) -> None:
    check_folder(tmp_path, plan())
    assert write_outputs(tmp_path, plan(), {"alder": "Two risks."}) == [str(tmp_path / "alder.txt")]


def test_a_file_outside_the_folder_is_refused_before_anything_is_paid_for(tmp_path: Path) -> None:
    with pytest.raises(StoreError) as refused:
        check_folder(tmp_path / "out", plan(text_output("verdict", "../verdict.md")))
    message = f"the output file {tmp_path / 'out' / '../verdict.md'} lies outside {tmp_path / 'out'}"
    assert refused.value.message == message


def test_a_linked_folder_that_leads_outside_is_refused(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "out" / "sub").symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    with pytest.raises(StoreError, match="lies outside"):
        write_outputs(tmp_path / "out", plan(text_output("verdict", "sub/verdict.md")), {"verdict": "Ship it."})
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_a_link_in_a_files_place_is_refused_and_what_it_points_to_is_untouched(tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_text("mine", encoding="utf-8")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "alder.txt").symlink_to(precious)
    with pytest.raises(StoreError) as refused:
        check_folder(tmp_path / "out", plan())
    assert (
        refused.value.message
        == f"the output file {tmp_path / 'out' / 'alder.txt'} is a link, and links are not followed"
    )
    assert refused.value.next == "Give another folder with --outputs."
    assert precious.read_text(encoding="utf-8") == "mine"


def test_a_folder_in_a_files_place_is_refused(tmp_path: Path) -> None:
    (tmp_path / "alder.txt").mkdir()
    with pytest.raises(StoreError, match=r"alder\.txt is a folder"):
        check_folder(tmp_path, plan())


def test_a_file_in_a_folders_place_is_refused(tmp_path: Path) -> None:
    (tmp_path / "reports").touch()
    with pytest.raises(StoreError, match=r"verdict\.md has a file in the place of one of its folders"):
        check_folder(tmp_path, plan(text_output("a", "reports/2026/verdict.md")))


@pytest.mark.parametrize(
    ("first", "second", "fault"),
    [
        ("Verdict.txt", "verdict.txt", "is named by two outputs"),
        ("caf\u00e9.txt", "CAFE\u0301.txt", "is named by two outputs"),
        ("Stra\u00dfe.md", "STRASSE.md", "is named by two outputs"),
        ("a.txt", "A.txt/b.md", "is a folder of another output's file, or the other way about"),
        ("a/b/c.md", "A", "is a folder of another output's file, or the other way about"),
    ],
)
def test_two_outputs_that_some_file_system_takes_for_one_are_refused(
    tmp_path: Path, first: str, second: str, fault: str
) -> None:
    with pytest.raises(StoreError) as refused:
        check_folder(tmp_path, plan(text_output("a", first), text_output("b", second)))
    assert refused.value.message == f"the output file {Path(second)} {fault}"


def test_an_output_without_a_file_is_looked_at_under_each_name_that_it_may_get(tmp_path: Path) -> None:
    with pytest.raises(StoreError) as refused:
        check_folder(tmp_path, plan(text_output("a", "Verdict.txt"), value_output("verdict")))
    assert refused.value.message == "the output file verdict.txt is named by two outputs"


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    for folder in (tmp_path / "file", tmp_path / "file" / "out"):
        with pytest.raises(StoreError) as refused:
            check_folder(folder, plan())
        assert refused.value.message == f"the folder {folder} cannot be made: a file is in its way"
        assert refused.value.next == "Give another folder with --outputs."
        assert refused.value.code == "outputs"


def test_a_folder_that_the_system_refuses_is_told_in_its_words(tmp_path: Path) -> None:
    folder = tmp_path / ("x" * 300)
    with pytest.raises(StoreError) as refused:
        check_folder(folder, plan())
    assert refused.value.message == f"the folder {folder} cannot be made: File name too long"


def test_a_file_that_cannot_be_written_asks_for_another_folder_of_outputs(tmp_path: Path) -> None:
    name = "x" * 250  # the name of its temporary file is longer
    with pytest.raises(StoreError) as refused:
        write_outputs(tmp_path, plan(text_output("a", name)), {"a": "Ship it."})
    assert refused.value.message == f"cannot write {tmp_path / name}: its name is too long"
    assert (refused.value.next, refused.value.code) == ("Give another folder with --outputs.", "outputs")
