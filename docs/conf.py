"""The site of these pages: `make docs` builds it with Sphinx, and `_toc.yml` orders it."""

from pathlib import Path

from docutils.nodes import document
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx

project = "overlord-run"
html_title = "overlord-run"
extensions = ["myst_parser", "sphinx_copybutton", "sphinx_external_toc"]
external_toc_path = "_toc.yml"
nitpicky = True
myst_heading_anchors = 4  # a code host gives every heading an anchor; so does the site

html_theme = "furo"
html_theme_options = {
    "top_of_page_buttons": [],
    "light_css_variables": {"color-brand-primary": "#0b5f66", "color-brand-content": "#0b5f66"},
    "dark_css_variables": {"color-brand-primary": "#63c5cd", "color-brand-content": "#63c5cd"},
}
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sourcelink = False
html_show_copyright = False

copybutton_prompt_text = "$ "
copybutton_only_copy_prompt_lines = True
copybutton_line_continuation_character = "\\"


def setup(app: Sphinx) -> None:
    """Prepare the build."""
    app.connect("doctree-read", show_as_text_what_the_site_has_not)


def show_as_text_what_the_site_has_not(app: Sphinx, page: document) -> None:
    """Unlink folders and Markdown files outside of `docs/`: a code host leads there, the site has no page of them."""
    for link in list(page.findall(pending_xref)):
        target = Path(page["source"]).parent / link["reftarget"].partition("#")[0]
        found = [path for path in (target, target.with_name(f"{target.name}.md")) if path.exists()]
        if found and not found[0].resolve().is_relative_to(app.srcdir):
            link.replace_self(link.children)
