"""Sphinx configuration. ``make docs`` builds the site in ``docs/_build/html``."""

import inspect
import os

from sphinx_gallery.sorting import ExplicitOrder

import skattn

# -- Project ---------------------------------------------------------------------------

project = "skattn"
author = "The skattn developers"
copyright = "The skattn developers"  # noqa: A001
release = skattn.__version__
version = release
folder = os.environ.get("DOCS_VERSION", "dev")  # of the site, one per version

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.mathjax",
    "numpydoc",
    "myst_parser",
    "sphinx_copybutton",
    "sphinx_design",
    "sphinx_gallery.gen_gallery",
]
exclude_patterns = ["_build"]
templates_path = ["_templates"]
myst_enable_extensions = [
    "attrs_inline",
    "colon_fence",
    "deflist",
    "dollarmath",
    "fieldlist",
]
myst_heading_anchors = 3
copybutton_exclude = ".linenos, .gp, .go"
default_role = "code"  # single backticks
smartquotes = False  # code in types and defaults is copied
nitpicky = True  # a reference to a name that is not documented is a warning
nitpick_ignore_regex = [("py:.*", r"(numpy|scipy|sklearn|skorch|torch)\..*")]

# -- API reference ---------------------------------------------------------------------

autosummary_generate = True
autodoc_typehints = "none"  # the docstrings have types
autodoc_member_order = "groupwise"
toc_object_entries_show_parents = "hide"
numpydoc_show_class_members = False
numpydoc_xref_param_type = False


def skip_foreign(app, what, name, member, skip, options):
    """Leave out members that skattn did not write, such as scikit-learn's."""
    function = member
    for wrapped in ("__func__", "fget", "func"):
        function = getattr(function, wrapped, None) or function
    if inspect.isroutine(function):
        module = getattr(function, "__module__", None) or ""
        return skip or not module.startswith("skattn")
    return skip


def setup(app):
    """Connect the handlers."""
    app.connect("autodoc-skip-member", skip_foreign)


# -- Gallery ---------------------------------------------------------------------------

sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "auto_examples",
    "filename_pattern": r"/plot_",
    "ignore_pattern": r"(demo|shared_fit)\.py$",
    "within_subsection_order": ExplicitOrder(
        [
            "plot_table.py",
            "plot_categories.py",
            "plot_tabular_workflow.py",
            "plot_grid_search_on_graph.py",
            "plot_bring_your_own_graph.py",
            "plot_joining_by_name.py",
            "plot_graph_classification.py",
            "plot_molecules.py",
            "plot_recordings.py",
            "plot_embeddings.py",
            "plot_pretraining.py",
            "plot_attention_weights.py",
            "*",
        ]
    ),
    "download_all_examples": False,
    "show_memory": False,
    "write_computation_times": False,
    "show_signature": False,
    "remove_config_comments": True,
    "plot_gallery": "True",
    "reset_modules": ("matplotlib",),
    "abort_on_example_error": True,
}

# -- HTML ------------------------------------------------------------------------------

html_theme = "pydata_sphinx_theme"
html_title = "skattn"
html_static_path = ["_static"]
html_css_files = ["skattn.css"]
html_sidebars = {"measured": [], "index": []}
html_show_sourcelink = False
html_copy_source = False
html_theme_options = {
    "logo": {"text": "skattn"},
    "navbar_align": "left",
    "header_links_before_dropdown": 6,
    "show_prev_next": False,
    "navbar_end": ["version-switcher", "theme-switcher"],
    "switcher": {
        "json_url": "../switcher.json",
        "version_match": folder,
    },
    "check_switcher": False,
    "show_version_warning_banner": False,
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": [],
}
