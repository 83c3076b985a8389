"""The docs are a site too: it builds without a warning, hangs together, and asks nothing of the network."""

import os
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

import docs_kit as kit
from overlord_run.plan.rules import RULES as TEMPLATE_RULES
from overlord_run.playbook.rules import RULES

LOADS = {"script": "src", "img": "src", "source": "src", "iframe": "src", "link": "href"}


def build(source: Path, site: Path) -> subprocess.CompletedProcess[str]:
    """Build as `make docs` does."""
    flags = ["--fail-on-warning", "--keep-going", "--quiet"]
    # The extensions name no encoding where they read their own files; ours are looked at elsewhere.
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONWARNDEFAULTENCODING"}
    return subprocess.run(
        [sys.executable, "-m", "sphinx", *flags, str(source), str(site)],
        env=environ,
        capture_output=True,
        text=True,
        check=False,
        encoding="utf-8",
    )


class Page(HTMLParser):
    """What a page of the site links to, what it loads, and which anchors it has."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.links: set[str] = set()
        self.loads: set[str] = set()
        self.anchors: set[str] = set()
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value for name, value in attrs if value is not None}
        self.anchors.add(values.get("id", ""))
        if tag == "a" and "href" in values:
            self.links.add(values["href"])
        if LOADS.get(tag) in values:
            self.loads.add(values[LOADS[tag]])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    done = build(kit.DOCS, folder)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    return folder


@pytest.fixture(scope="module")
def site(folder: Path) -> dict[Path, Page]:
    return {path: Page(path) for path in folder.rglob("*.html")}


def test_every_link_of_the_site_leads_to_a_page_and_a_place_on_it(site: dict[Path, Page]) -> None:
    broken = [(path.name, link) for path, page in site.items() for link in page.links if not _leads(site, path, link)]
    assert broken == []


def _leads(site: dict[Path, Page], path: Path, link: str) -> bool:
    url = urlsplit(link)
    target = (path.parent / unquote(url.path)).resolve() if url.path else path
    if url.scheme or not url.fragment or target not in site:
        return bool(url.scheme) or target.exists()
    return unquote(url.fragment) in site[target].anchors


def test_every_rule_can_be_looked_up_by_the_id_that_validate_tells(site: dict[Path, Page], folder: Path) -> None:
    assert set(RULES) | set(TEMPLATE_RULES) <= site[folder / "rules.html"].anchors


def test_the_site_loads_nothing_from_elsewhere(site: dict[Path, Page], folder: Path) -> None:
    loads = {load: urlsplit(load) for page in site.values() for load in page.loads}
    assert [load for load, url in loads.items() if url.netloc or url.scheme not in ("", "data")] == []
    styles = {path.name: path.read_text(encoding="utf-8") for path in folder.rglob("*.css")}
    assert "site.css" in styles
    assert [name for name, text in styles.items() if re.search(r"@import|url\([\"']?(https?:)?//", text)] == []


WRONG = {
    "_toc.yml": "root: README\nentries: [{file: page}, {file: gone}]\n",
    "README.md": "# Docs\n",
    "page.md": "# Page\n\n"
    "[sound](../elsewhere/notes.md) [sound](../elsewhere)\n\n"
    "[page](nowhere.md) [place](README.md#nowhere) [file](../nowhere.yml) ![picture](no.png)\n",
    "forgotten.md": "# Not in the navigation\n",
    "../elsewhere/notes.md": "# Not of the site, but there\n",
}


def test_what_leads_nowhere_fails_the_build(tmp_path: Path) -> None:
    source = tmp_path / "docs"
    shutil.copytree(kit.DOCS / "_static", source / "_static")
    shutil.copy(kit.DOCS / "conf.py", source)
    (tmp_path / "elsewhere").mkdir()
    for name, text in WRONG.items():
        (source / name).write_text(text, encoding="utf-8")
    done = build(source, tmp_path / "site")
    told = [re.sub(r" \[[\w.]+\].*", "", line.partition("WARNING: ")[2]) for line in done.stderr.splitlines()]
    assert done.returncode == 1
    assert sorted(filter(None, told)) == [
        "'myst' cross-reference target not found: '../nowhere.yml'",
        "'myst' cross-reference target not found: 'nowhere.md'",
        "document isn't included in any toctree",
        "image file not readable: no.png",
        "local id not found in doc 'README': 'nowhere'",
        "toctree contains reference to nonexisting document 'gone'",
    ]
