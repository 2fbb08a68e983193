import json
import re
from base64 import b64decode, b64encode
from hashlib import sha256
from html import unescape
from html.parser import HTMLParser

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.testing import assert_allclose, assert_array_equal

from skattn.datasets import make_communities
from skattn.inspection import GraphDisplay
from skattn.inspection._graph_page import graph_page
from skattn.inspection._graph_picture import GraphPicture, drawn_edges
from skattn.inspection._node_colors import plain_colors

HOSTILE = ["</script><b>", "<!--<script>", "\"'&<img src=x onerror=alert(1)>", "$data"]


class Elements(HTMLParser):
    """Tags of a page with their attributes, and the text inside each element."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.texts = [], {}
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, text):
        if self.tags:
            self.texts.setdefault(self.tags[-1][0], []).append(text)


def data_of(page):
    (text,) = re.findall(r'id="data">(.*?)</script>', page, flags=re.DOTALL)
    return json.loads(text)


def unpacked(text, dtype):
    return np.frombuffer(b64decode(text), dtype)


def picture(matrix, **parts):
    matrix = sp.csr_array(np.array(matrix, float))
    n_nodes = matrix.shape[0]
    places = np.column_stack([np.linspace(0, 1, n_nodes), np.full(n_nodes, 0.5)])
    parts = {"names": None, "colors": plain_colors(n_nodes)} | parts
    return GraphPicture(places, drawn_edges(matrix, 100), **parts)


def test_page_holds_places_edges_and_scores():
    page = graph_page(picture([[0, 4, 0], [0, 0, -2], [1, 0, 0]], names=list("abc")))
    data = data_of(page)
    assert_array_equal(
        unpacked(data["places"], "<u2"), [0, 32768, 32768, 32768, 65535, 32768]
    )
    assert_array_equal(unpacked(data["starts"], "<u4"), [0, 1, 2, 3])
    assert_array_equal(unpacked(data["senders"], "<u2"), [1, 2, 0])
    scores = unpacked(data["scores"], "<i2") * data["unit"]
    assert_allclose(scores, [4, -2, 1], atol=4 / 32767)
    assert_array_equal(unpacked(data["one_way"], "u1"), [1, 1, 1])
    assert data["signed"]
    assert data["names"] == ["a", "b", "c"]
    assert data["target"] == -1


def test_page_without_weights_directions_and_names_leaves_them_out():
    data = data_of(graph_page(picture([[0, 1], [1, 0]])))
    left_out = ["scores", "one_way", "names", "notes"]
    assert [data[name] for name in left_out] == [None] * 4
    assert not data["signed"]


def test_scores_of_zero_and_no_edges_are_written():
    both_zero = sp.csr_array((np.zeros(2), ([0, 1], [1, 0])), shape=(2, 2))
    places = np.zeros((2, 2))
    edges = drawn_edges(both_zero, 10)
    data_of(graph_page(GraphPicture(places, edges, None, plain_colors(2))))
    data_of(graph_page(picture(np.zeros((0, 0)))))


def test_hostile_names_end_no_element_and_arrive_unchanged():
    page = graph_page(
        picture(np.ones((4, 4)), names=HOSTILE, notes=HOSTILE, title=HOSTILE[0])
    )
    elements = Elements(page)
    tags = [tag for tag, _ in elements.tags]
    assert tags.count("script") == 2
    assert {"b", "img"}.isdisjoint(tags)
    assert elements.texts["title"][0] == HOSTILE[0]
    data = data_of(page)
    assert data["names"] == data["notes"] == HOSTILE


def test_policy_permits_the_own_style_and_script_alone():
    page = graph_page(picture([[0, 1], [1, 0]]))
    elements = Elements(page)
    (policy,) = (
        attrs["content"]
        for tag, attrs in elements.tags
        if tag == "meta" and attrs.get("http-equiv") == "Content-Security-Policy"
    )
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    for tag, content in [
        ("style", elements.texts["style"][0]),
        ("script", page.rsplit("<script>", 1)[1].split("</script>")[0]),
    ]:
        digest = b64encode(sha256(content.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy


def test_no_line_of_the_page_ends_with_a_blank():
    # some tools strip them: the hashes of the policy would no longer be right
    page = graph_page(picture([[0, 1], [1, 0]]))
    assert [line for line in page.splitlines() if line != line.rstrip()] == []
    assert "\t" not in page


def test_page_refers_to_nothing_outside():
    page = graph_page(picture([[0, 1], [1, 0]]))
    assert "http:" not in page
    assert "https:" not in page
    assert "url(" not in page
    for tag, attrs in Elements(page).tags:
        assert {"src", "href", "srcset", "action", "data"}.isdisjoint(attrs), tag


def test_page_of_a_thousand_nodes_is_small():
    graph, y = make_communities(
        1000, 20, p_within=0.06, p_between=0.0006, random_state=0
    )
    names = [f"node number {k}" for k in range(1000)]
    page = GraphDisplay.from_graph(graph, y=y, labels=names).to_html()
    assert len(page.encode()) < 100_000


def test_page_is_the_same_every_time():
    graph, y = make_communities(60, 3, random_state=0)
    pages = [GraphDisplay.from_graph(graph, y=y).to_html() for _ in range(2)]
    assert pages[0] == pages[1]


def test_controls_have_labels_and_the_selection_is_announced():
    elements = Elements(graph_page(picture([[0, 1], [1, 0]])))
    labelled = {attrs["for"] for tag, attrs in elements.tags if tag == "label"}
    for tag, attrs in elements.tags:
        if tag == "input":
            assert attrs["id"] in labelled
        if tag == "canvas":
            assert attrs["tabindex"] == "0"
            assert "Arrow keys" in attrs["aria-label"]
        if attrs.get("id") == "status":
            assert attrs["aria-live"] == "polite"


def luminance(color):
    color = color.lstrip("#")
    color = "".join(2 * c for c in color) if len(color) == 3 else color
    c = np.array([int(color[k : k + 2], 16) for k in (0, 2, 4)]) / 255
    linear = np.where(c <= 0.03928, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)
    return linear @ [0.2126, 0.7152, 0.0722]


def contrast(a, b):
    low, high = sorted([luminance(a), luminance(b)])
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("mode", [0, 1], ids=["light", "dark"])
def test_texts_and_edges_are_legible(mode):
    style = Elements(graph_page(picture([[0, 1], [1, 0]]))).texts["style"][0]
    block = re.findall(r":root \{(.*?)\}", style, flags=re.DOTALL)[mode]
    colors = dict(re.findall(r"--([a-z]+): (#[0-9a-f]+);", block))
    assert contrast(colors["ink"], colors["paper"]) > 7
    assert contrast(colors["faint"], colors["paper"]) > 4.5
    for name in ["edge", "for", "against", "focus"]:
        assert contrast(colors[name], colors["paper"]) > 3


def test_notebook_shows_the_page_in_a_frame_without_rights():
    graph, _ = make_communities(20, 2, random_state=0)
    display = GraphDisplay.from_graph(graph, labels=['"></iframe><b>'] * 20)
    ((tag, attrs),) = Elements(display._repr_html_()).tags
    assert tag == "iframe"
    assert attrs["sandbox"] == "allow-scripts"
    assert unescape(attrs["srcdoc"]) == attrs["srcdoc"] == display.to_html()
