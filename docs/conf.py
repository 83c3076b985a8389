"""The site of these pages: `make docs` builds it with Sphinx, and `_toc.yml` orders it."""

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
