"""The interactive page in a headless Chromium; skipped where there is none."""

import json
import os
import shutil
from urllib.parse import urlsplit

import numpy as np
import pytest
from scipy import sparse

from skattn.inspection import GraphDisplay
from skattn.inspection._graph_page import graph_page
from skattn.inspection._graph_picture import GraphPicture, drawn_edges
from skattn.inspection._node_colors import plain_colors

webdriver = pytest.importorskip("selenium.webdriver", reason="needs selenium")
ActionChains, Keys = webdriver.ActionChains, webdriver.Keys
wheel = pytest.importorskip("selenium.webdriver.common.actions.wheel_input")

pytestmark = pytest.mark.slow

HOSTILE = "</script><b>bold</b>"
# a path 0 - 1 - 2 - 3 with weights 1, 2 and 4, and an isolated node
WEIGHTS = np.diag([1.0, 2, 4, 0], k=1) + np.diag([1.0, 2, 4, 0], k=-1)
NAMES = ["Anna", "Bea", HOSTILE, "Annabel", "<img src=x onerror=alert(1)>"]
# Anna, Bea and the hostile name from left to right, Annabel above, the last one below
PLACES = [[0, 0.5], [0.5, 0.5], [1, 0.5], [0.5, 1], [0.5, 0]]


@pytest.fixture(scope="module")
def browser():
    """A headless Chromium that logs its requests."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    driver = shutil.which("chromedriver")
    if chromium is None or driver is None:
        pytest.skip("needs chromium and chromedriver (Debian: chromium-driver)")
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    for argument in ["--headless=new", "--window-size=900,700", *sandbox]:
        options.add_argument(argument)
    options.add_argument("--disable-dev-shm-usage")  # small in containers
    options.set_capability("goog:loggingPrefs", {"performance": "ALL"})
    service = webdriver.ChromeService(executable_path=driver)
    driver = webdriver.Chrome(options=options, service=service)
    driver.set_script_timeout(600)
    yield driver
    driver.quit()


@pytest.fixture
def page(browser, tmp_path):
    """Open the page of the small graph."""
    browser.get_log("performance")  # of earlier tests
    display = GraphDisplay.from_graph(
        WEIGHTS, y=list("xyxyx"), labels=NAMES, positions=PLACES
    )
    path = tmp_path / "graph.html"
    display.to_html(path)
    browser.get(path.as_uri())
    return browser


def requests(browser):
    """Addresses of the requests since the log was last read."""
    messages = (
        json.loads(entry["message"])["message"]
        for entry in browser.get_log("performance")
    )
    return [
        message["params"]["request"]["url"]
        for message in messages
        if message["method"] == "Network.requestWillBeSent"
    ]


def text(browser, name):
    return browser.find_element("id", name).text


def neighbours(browser):
    buttons = browser.find_elements("css selector", "#neighbours button")
    return [button.text.split("\n") for button in buttons]


def to_place(browser, x, y):
    """The move of the pointer to a place of the canvas."""
    canvas = browser.find_element("id", "graph")
    dx, dy = x - canvas.size["width"] / 2, y - canvas.size["height"] / 2
    return ActionChains(browser).move_to_element_with_offset(canvas, dx, dy)


def click_node(browser, node):
    to_place(browser, *browser.execute_script(f"return at({node})")).click().perform()


def press(browser, *keys):
    browser.execute_script("canvas.focus()")
    ActionChains(browser).send_keys(*keys).perform()


def find(browser, query):
    field = browser.find_element("id", "find")
    field.clear()
    field.send_keys(query, Keys.ENTER)
    return text(browser, "found")


def painted(browser):
    """Number of different colours on the canvas, after the next frame."""
    return browser.execute_async_script(
        "const done = arguments[0];"
        "requestAnimationFrame(() => requestAnimationFrame(() => {"
        "const p = pen.getImageData(0, 0, canvas.width, canvas.height).data;"
        "done(new Set(new Uint32Array(p.buffer)).size); }));"
    )


def test_page_loads_without_a_request_and_draws(page):
    assert painted(page) > 3
    assert [urlsplit(url).scheme for url in requests(page)] == ["file"]
    assert page.execute_script("return performance.getEntriesByType('resource')") == []


def test_page_can_send_no_request(page):
    send = (
        "const done = arguments[0];"
        "fetch('data:,x').then(() => done('sent'), () => done('refused'))"
    )
    assert page.execute_async_script(send) == "refused"
    page.get("about:blank")
    assert page.execute_async_script(send) == "sent"


def test_click_selects_a_node_and_lists_its_neighbours(page):
    click_node(page, 1)
    assert text(page, "status") == "Bea\nlabel y\n2 edges"
    assert neighbours(page) == [[HOSTILE, "2"], ["Anna", "1"]]
    assert page.execute_script("return selected") == 1
    click_node(page, 2)
    page.find_elements("css selector", "#neighbours button")[0].click()
    assert text(page, "status").startswith("Annabel")
    to_place(page, 5, 5).click().perform()  # no node is there
    assert page.execute_script("return selected") == -1
    assert neighbours(page) == []


def test_hostile_names_show_as_text(page):
    click_node(page, 2)
    assert text(page, "status").startswith(HOSTILE)
    click_node(page, 4)
    assert text(page, "status").startswith(NAMES[4])
    assert page.find_elements("css selector", "b, img") == []


def test_pointer_shows_the_name(page):
    to_place(page, *page.execute_script("return at(2)")).perform()
    assert text(page, "tip") == f"{HOSTILE}\nlabel x\n2 edges"


def test_search_finds_nodes_by_parts_of_their_names(page):
    assert find(page, "ANNA") == "1 of 2"
    assert text(page, "status").startswith("Anna\n")
    page.find_element("id", "find").send_keys(Keys.ENTER)
    assert text(page, "found") == "2 of 2"
    assert text(page, "status").startswith("Annabel")
    assert find(page, "<b>") == "1 of 1"
    assert find(page, "Zoe") == "no node"


def test_search_moves_a_node_into_view(page):
    page.execute_script("zoom(50)")
    find(page, "Anna")
    x, y = page.execute_script("return at(0)")
    assert 0 < x < page.find_element("id", "graph").size["width"]
    assert 0 < y < page.find_element("id", "graph").size["height"]


def test_keys_move_select_zoom_and_end_the_selection(page):
    press(page, Keys.ARROW_RIGHT)  # the first key: the node in the middle
    assert text(page, "status").startswith("Bea")
    press(page, Keys.ARROW_RIGHT)
    assert text(page, "status").startswith(HOSTILE)
    assert neighbours(page) == []
    press(page, Keys.ENTER)
    assert neighbours(page) == [["Annabel", "4"], ["Bea", "2"]]
    press(page, Keys.ARROW_LEFT)  # of the neighbourhood
    assert text(page, "status").startswith("Bea")
    press(page, Keys.ESCAPE)
    assert page.execute_script("return selected") == -1
    before = page.execute_script("return scale")
    press(page, "+")
    assert page.execute_script("return scale") == pytest.approx(1.3 * before)
    left = page.execute_script("return left")
    keys = ActionChains(page).key_down(Keys.SHIFT).send_keys(Keys.ARROW_RIGHT)
    keys.key_up(Keys.SHIFT).perform()
    assert page.execute_script("return left") == pytest.approx(left - 50)


def test_threshold_hides_weak_edges(page):
    assert text(page, "kept") == "1, 3 of 3 edges"
    page.execute_script(
        "const s = document.getElementById('least'); s.value = 50;"
        "s.dispatchEvent(new Event('input'))"
    )
    assert text(page, "kept") == "2, 2 of 3 edges"
    click_node(page, 1)
    assert neighbours(page) == [[HOSTILE, "2"]]


def test_wheel_zooms_and_dragging_moves(page):
    canvas = page.find_element("id", "graph")
    x, y = page.execute_script("return at(1)")
    before = page.execute_script("return scale")
    origin = wheel.ScrollOrigin.from_element(canvas)
    ActionChains(page).scroll_from_origin(origin, 0, -200).perform()
    assert page.execute_script("return scale") > before
    # the node in the middle stays under the pointer
    assert page.execute_script("return at(1)") == pytest.approx([x, y], abs=2)
    ActionChains(page).drag_and_drop_by_offset(canvas, 40, 30).perform()
    u, v = page.execute_script("return at(1)")
    assert [u - x, v - y] == pytest.approx([40, 30], abs=3)
    assert page.execute_script("return selected") == -1


def test_signs_have_colours_and_the_target_is_selected(browser, tmp_path):
    matrix = sparse.csr_array(([4.0, -4.0], ([1, 1], [0, 2])), shape=(4, 4))
    places = np.array([[0, 0.5], [0.5, 0.5], [1, 0.5], [0.5, 1]])
    picture = GraphPicture(
        places, drawn_edges(matrix, 10), list("abcd"), plain_colors(4), target=1
    )
    path = tmp_path / "signed.html"
    path.write_text(graph_page(picture), encoding="utf-8")
    browser.get(path.as_uri())
    assert text(browser, "status") == "b\n2 edges"
    assert neighbours(browser) == [["← a", "4"], ["← c", "-4"]]
    painted(browser)
    middle = browser.execute_script(
        "const r = devicePixelRatio, y = at(1)[1];"
        "return [0.5, 1.5].map(k => { let found = [0, 0, 0];"
        "for (let x = at(0)[0] + 20; x < at(1)[0] - 20; x++) {"
        "const shift = k > 1 ? at(1)[0] - at(0)[0] : 0;"
        "const p = pen.getImageData((x + shift) * r, y * r, 1, 1).data;"
        "if (p[3] > 200) found = [p[0], p[1], p[2]]; } return found; });"
    )
    (red, _, blue), (other_red, _, other_blue) = middle
    assert red > 2 * blue
    assert other_blue > 2 * other_red


def test_colours_follow_the_dark_mode(page):
    assert page.execute_script("return ink.ink") == "#222"
    media = {"features": [{"name": "prefers-color-scheme", "value": "dark"}]}
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", media)
    assert painted(page) > 3
    assert page.execute_script("return ink.ink") == "#e8e6e3"
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


def test_notebook_frame_shows_the_page(browser, tmp_path):
    display = GraphDisplay.from_graph(WEIGHTS, labels=NAMES, positions=PLACES)
    path = tmp_path / "notebook.html"
    path.write_text(f"<!doctype html><p>cell</p>{display._repr_html_()}", "utf-8")
    browser.get(path.as_uri())
    browser.switch_to.frame(browser.find_element("tag name", "iframe"))
    assert browser.find_element("tag name", "h1").text == display.title
    assert browser.execute_script("return self.origin") == "null"
    click_node(browser, 2)
    assert text(browser, "status").startswith(HOSTILE)
    browser.switch_to.default_content()


@pytest.mark.parametrize("n_nodes", [0, 1, 70_000])
def test_small_and_large_graphs_are_drawn(browser, tmp_path, n_nodes):
    places = np.random.default_rng(0).random((n_nodes, 2))
    chain = np.arange(n_nodes - 1) if n_nodes else np.zeros(0, int)
    ends = chain, chain + 1
    weights = sparse.csr_array((np.ones(len(chain)), ends), shape=(n_nodes, n_nodes))
    path = tmp_path / "graph.html"
    GraphDisplay.from_graph(weights, positions=places).to_html(path)
    browser.get(path.as_uri())
    assert painted(browser) >= min(n_nodes, 1) + 1
    assert browser.execute_script("return [n, m]") == [n_nodes, min(20_000, len(chain))]
    if n_nodes:
        last = n_nodes - 1
        assert find(browser, str(last)) == "1 of 1"
        x, y = browser.execute_script(f"return at({last})")
        assert browser.execute_script(f"return nearest({x}, {y}, 1)") >= 0
