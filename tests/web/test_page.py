"""The page in a browser, as a person uses it: open, outline, correct, reload, export."""

import json

import numpy as np
import pytest
import tifffile

from kontur import formats
from kontur.edit.moves import falloff
from tests.web.conftest import nuclei, served, write_images

WIDE, NARROW = {"width": 1400, "height": 860}, {"width": 420, "height": 800}


@pytest.fixture(scope="module")
def plate(tmp_path_factory):
    folder = write_images(tmp_path_factory.mktemp("page") / "plate", 3)
    with served(folder) as server:
        yield folder, server


def open_page(browser, server, viewport=WIDE, *, locale="en-US"):
    page = browser.new_page(viewport=viewport, locale=locale, accept_downloads=True)
    problems = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda said: problems.append(said.text) if said.type == "error" else None)
    page.problems = problems
    page.goto(server.address)
    until(page, "kontur.image() && kontur.image().picture")
    until(page, "kontur.models.models.length > 0")
    return page


def until(page, holds):
    page.wait_for_function(f"() => {holds}")


def outlines(page):
    """Id → points of the outer ring, as the page has them."""
    program = "[...kontur.image().outlines].map(([id, o]) => [id, [...o.parts[0][0]]])"
    return {number: np.reshape(points, (-1, 2)) for number, points in page.evaluate(program)}


def settled(page):
    until(page, "kontur.image().waiting === 0")


def on_screen(page, x, y):
    """The place on the screen of a point of the image."""
    program = """([x, y]) => { const v = kontur.viewer, f = v.overlay.getBoundingClientRect();
      return [(x - v.camera.x) * v.camera.zoom / v.density + f.left,
              (y - v.camera.y) * v.camera.zoom / v.density + f.top]; }"""
    return page.evaluate(program, [float(x), float(y)])


def run_model(page):
    page.keyboard.press("g")
    until(page, "kontur.image().status === 'predicted' && kontur.image().outlines.size")


def drag(page, start, end):
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move((start[0] + end[0]) / 2, (start[1] + end[1]) / 2)
    page.mouse.move(*end)
    page.mouse.up()


def test_a_person_outlines_corrects_draws_undoes_reloads_and_exports(browser, plate, tmp_path):
    folder, server = plate
    page = open_page(browser, server)
    run_model(page)
    found = outlines(page)
    assert 7 <= len(found) <= 11

    number, ring = next(iter(found.items()))
    page.mouse.click(*on_screen(page, *ring.mean(axis=0)))
    assert page.evaluate("[...kontur.selection.ids]") == [number]
    start = on_screen(page, *ring[0])
    drag(page, start, (start[0] - 30, start[1] - 24))
    settled(page)
    moved = outlines(page)[number]
    way = np.hypot(*(moved[np.hypot(*(moved - ring[0]).T).argmax()] - ring[0]))
    assert way > 3
    assert page.evaluate("kontur.image().status") == "corrected"

    page.keyboard.press("e")
    x0, y0 = found[number].min(axis=0)
    x1, y1 = found[number].max(axis=0)
    middle_x, middle_y = found[number].mean(axis=0)
    for point in [(middle_x, y0), (x1, middle_y), (middle_x, y1), (x0, middle_y)]:
        page.mouse.click(*on_screen(page, *point))
    until(page, f"kontur.image().outlines.size === {len(found) + 1}")
    page.keyboard.press("Control+z")
    until(page, f"kontur.image().outlines.size === {len(found)}")
    settled(page)
    before = outlines(page)

    page.reload()
    until(page, f"kontur.image() && kontur.image().outlines.size === {len(found)}")
    after = outlines(page)
    assert before.keys() == after.keys()
    np.testing.assert_allclose(after[number], before[number], atol=1e-9)
    page.keyboard.press("Escape")
    page.click("#export")
    with page.expect_download() as download:
        page.get_by_role("button", name="COCO JSON").click()
    saved = tmp_path / download.value.suggested_filename
    download.value.save_as(saved)
    exported = formats.read(saved)
    beside = formats.read(folder / "cells0.geojson")
    assert len(exported) == len(beside) == len(found)
    np.testing.assert_allclose(sorted(exported.areas), sorted(beside.areas), atol=0.01)
    assert json.loads((folder / "cells0.geojson").read_text())["kontur"]["size"] == [200, 260]
    assert page.problems == []
    page.close()


def test_a_region_or_a_cut_is_of_the_object_that_it_is_drawn_on(browser, plate):
    """Not of the one before, which the tool has selected; and a quick hand makes few points."""
    page = open_page(browser, plate[1])
    page.locator(".thumb").nth(1).click()
    until(page, "document.title.startsWith('cells1') && kontur.image().loaded")
    run_model(page)
    found = outlines(page)
    first, second, third, *_ = found

    def draw(points):
        places = [on_screen(page, *point) for point in points]
        page.mouse.move(*places[0])
        page.mouse.down()
        for place in places[1:]:
            page.mouse.move(*place)
        page.mouse.up()
        settled(page)

    def ring(x, y):
        return [(x + 5 * np.cos(t), y + 5 * np.sin(t)) for t in np.linspace(0, 6.2, 12)]

    page.keyboard.press("a")
    for number in (first, second):
        draw(ring(found[number][:, 0].max() - 2, found[number][:, 1].mean()))
    wide = outlines(page)
    wider = [n for n in found if wide[n][:, 0].max() > found[n][:, 0].max() + 1]
    assert wider == [first, second]
    page.keyboard.press("h")
    draw(ring(*found[third].mean(axis=0)))
    holed = "[...kontur.image().outlines.values()].filter(o => o.parts[0].length > 1)"
    assert page.evaluate(f"{holed}.map(o => o.id)") == [third]
    page.keyboard.press("x")
    (x0, y0), (x1, y1) = found[first].min(axis=0), found[first].max(axis=0)
    draw([(x0 - 3, (y0 + y1) / 2), (x1 + 6, (y0 + y1) / 2)])  # no point of it lies in the object
    assert len(outlines(page)) == len(found) + 1

    page.keyboard.press("a")
    draw(ring(6, 6))
    assert page.locator(".toast", has_text="There is no object").count() == 1
    page.keyboard.press("v")
    page.mouse.click(*on_screen(page, *found[second].mean(axis=0)))
    page.keyboard.press("a")
    draw(ring(6, 6))  # a part of the object that a person has selected
    assert page.evaluate(f"kontur.image().outlines.get({second}).parts.length") == 2
    page.close()


def test_a_narrow_page_in_chinese_has_drawers_and_nothing_sticks_out(browser, plate):
    page = open_page(browser, plate[1], NARROW, locale="zh-CN")
    assert page.evaluate("() => document.documentElement.lang") == "zh"
    assert page.locator("#gallery").is_hidden()
    page.click("#show-panel")
    page.click("#tab-model")
    assert page.locator("#predict-one").inner_text() == "勾画此图"
    wide = page.evaluate("() => [document.body.scrollWidth, innerWidth]")
    assert wide[0] <= wide[1]
    lacks = "{can_train: false, train_size: '; it is large'}"
    page.evaluate(f"Object.assign(kontur.work.folder, {lacks}) && kontur.models.drawTraining()")
    assert "CPU" in page.locator("p", has_text="训练需要更多软件包").inner_text()
    page.keyboard.press("l")
    assert page.locator("p", has_text="more packages").inner_text().endswith("; it is large")
    assert page.locator("#predict-one").inner_text() == "Outline image"
    page.keyboard.press("?")
    assert page.locator("dialog h2").inner_text() == "Keys and gestures"
    assert page.problems == []
    page.close()


def test_a_narrow_page_has_all_that_a_wide_one_has(browser, plate):
    page = open_page(browser, plate[1], NARROW)
    for hidden in ("#language", "#theme", "#radius", "#help"):
        assert page.locator(hidden).is_hidden()
    page.click("#settings")
    dialog = page.locator("dialog")
    dialog.get_by_label("Dark or light").select_option("light")
    assert page.evaluate("() => document.documentElement.dataset.theme") == "light"
    dialog.get_by_label("Reach").fill("24")
    assert page.evaluate("kontur.tools.radius") == 24
    dialog.get_by_label("Language").select_option("zh")
    assert page.locator("dialog h2").inner_text() == "设置"
    page.locator("dialog button", has_text="按键与手势").click()
    assert page.locator("dialog kbd").count() > 30
    page.keyboard.press("Escape")
    for width in (420, 360):
        page.set_viewport_size({"width": width, "height": 800})
        page.evaluate("kontur.work.connect(null)")  # a word more
        boxes = [b.bounding_box() for b in page.locator("header button:visible").all()]
        ends = [box["x"] + box["width"] for box in boxes]
        assert all(np.array(ends) <= [box["x"] for box in boxes[1:]] + [width])
    assert page.problems == []
    page.close()


def test_the_modules_of_the_page_are_asked_for_at_once(browser, plate):
    """One after the other, each would wait for the one that names it."""
    page = open_page(browser, plate[1])
    asked = page.evaluate(
        """() => performance.getEntriesByType('resource')
          .map(each => each.name).filter(name => name.endsWith('.js'))"""
    )
    links = "[...document.querySelectorAll('head link[rel=modulepreload], head script[src]')]"
    named = page.evaluate(f"() => {links}.map(each => each.href || each.src)")
    assert len(asked) > 20
    assert set(asked) <= set(named)
    page.close()


def test_a_drag_looks_in_the_page_as_the_server_makes_it(browser, plate):
    """The page draws it before it asks: the numbers of `moves.falloff` once more, in JavaScript."""
    page = open_page(browser, plate[1])
    rng = np.random.default_rng(0)
    rings = [rng.uniform(0, 99, (n, 2)) for n in (3, 4, 30)]
    rings.append(np.repeat(rings[0], 2, axis=0))  # vertices upon one another
    asked = [(ring, at, r) for ring in rings for at in (0, 1, len(ring) - 1) for r in (0, 7.5, 1e4)]
    program = """asked => import('/geometry.js').then(({falloff}) =>
      asked.map(([ring, at, radius]) => [...falloff(Float64Array.from(ring), at, radius)]))"""
    drawn = page.evaluate(program, [[ring.ravel().tolist(), at, r] for ring, at, r in asked])
    for shares, (ring, at, radius) in zip(drawn, asked, strict=True):
        np.testing.assert_allclose(shares, falloff(ring, at, radius), atol=1e-12)
    page.close()


@pytest.fixture(scope="module")
def mixed(tmp_path_factory):
    folder = write_images(tmp_path_factory.mktemp("mixed") / "plate", 1)
    planes = np.stack([nuclei(i) for i in range(5)])
    tifffile.imwrite(folder / "a.tif", planes, photometric="minisblack", metadata={"axes": "ZYX"})
    (folder / "b.png").write_bytes(b"no image")
    with served(folder) as server:
        yield server


def test_all_buttons_below_a_stack_are_in_sight_at_any_width(browser, mixed):
    page = open_page(browser, mixed)
    assert page.locator("#pages").is_visible()
    program = "() => document.querySelector('#stage footer').getBoundingClientRect().right"
    ends = """() => [...document.querySelectorAll('#stage footer button')]
      .filter(each => each.checkVisibility()).map(each => each.getBoundingClientRect().right)"""
    for width in (1400, 1190, 1000, 870, 420):
        page.set_viewport_size({"width": width, "height": 800})
        right, buttons = page.evaluate(program), page.evaluate(ends)
        assert len(buttons) > 3
        assert max(buttons) <= right, width
    page.close()


def test_nothing_of_the_image_before_is_left_where_one_cannot_be_shown(browser, mixed):
    page = open_page(browser, mixed)
    page.locator("#hint", has_text="No outlines yet").wait_for()
    page.keyboard.press("n")
    page.get_by_text("This image cannot be shown").wait_for()
    assert page.locator("#hint").is_hidden()
    assert page.locator("#pages").is_hidden()
    for button in ("#previous", "#next"):  # it is the second of three
        assert page.locator(button).is_enabled()
    page.keyboard.press("n")
    page.locator("#hint", has_text="No outlines yet").wait_for()
    assert page.locator("#message").is_hidden()
    page.close()


def test_a_reload_shows_the_plane_that_was_open(browser, mixed):
    page = open_page(browser, mixed)
    page.evaluate("() => [1, 1, 1].forEach(by => kontur.work.goPlane(by))")  # as of a quick hand
    page.locator("#page-number", has_text="4 / 5").wait_for()
    page.reload()
    page.locator("#page-number", has_text="4 / 5").wait_for()
    page.close()


def test_undo_and_redo_that_are_pressed_too_often_say_nothing(browser, mixed):
    page = open_page(browser, mixed)
    add = "kontur.image().edit({move: 'add', ring: [[9, 9], [30, 9], [30, 30]], label: 0})"
    page.evaluate(f"() => {{ {add}; }}")  # and before it is answered:
    for keys, left in (("Control+z", 0), ("Control+y", 1), ("Control+z", 0)):
        for _ in range(4):
            page.keyboard.press(keys)
        settled(page)
        assert page.evaluate("kontur.image().outlines.size") == left
    assert page.locator(".toast.problem").count() == 0
    page.close()


def test_long_names_end_in_dots_within_the_panel(browser, mixed):
    names = ["object", "a name of a class that no panel can hold, however wide the screen is"]
    with mixed.client() as client:
        client.put("/api/classes", json={"names": names})
    page = open_page(browser, mixed)
    page.locator(".class", has_text="a name of a class").wait_for()
    right = page.locator("#objects").bounding_box()
    for each in page.locator("#objects .class").all():
        box = each.bounding_box()
        assert box["x"] + box["width"] <= right["x"] + right["width"]
    page.close()


def test_a_threshold_that_was_moved_goes_back_to_that_of_the_model(browser, mixed):
    page = open_page(browser, mixed)
    page.keyboard.press("Alt+2")
    page.get_by_label("Score threshold").fill("90")
    assert page.evaluate("kontur.models.score") == 0.9
    page.keyboard.press("l")  # the panel is made anew
    assert page.locator("#model input[type=range]").input_value() == "90"
    page.click("#model-decides")
    assert page.evaluate("kontur.models.score") is None
    assert page.locator("#model-decides").is_disabled()
    page.close()


def test_two_windows_on_one_image_hear_of_each_other(browser, plate):
    first, second = (open_page(browser, plate[1]) for _ in range(2))
    for page in (first, second):
        page.locator(".thumb").nth(2).click()
        until(page, "kontur.image().picture && kontur.image().key !== undefined")
        page.wait_for_timeout(300)
    program = "kontur.image().edit({move: 'add', ring: [[9, 9], [30, 9], [30, 30]], label: 0})"
    first.evaluate(f"() => {program}")
    until(second, "kontur.image().outlines.size === 1")
    assert "Changed in another window" in second.locator("#toasts").inner_text()
    assert first.problems == second.problems == []
    first.close()
    second.close()


def test_seven_windows_of_a_browser_hear_of_each_other_also_when_the_first_is_closed(
    browser, tmp_path
):
    """A browser has six connections to a server: with a stream each, a seventh would wait."""
    with served(write_images(tmp_path / "plate", 1)) as server:
        one_browser = browser.new_context(viewport=NARROW)
        windows = [one_browser.new_page() for _ in range(7)]
        for window in windows:
            window.goto(server.address, wait_until="commit")
        for window in windows:
            until(window, "performance.getEntriesByName('ready').length && kontur.work.stream")
        streams = {window.evaluate("kontur.work.stream") for window in windows}
        assert len(streams) == 1
        first = next(w for w in windows if w.evaluate("kontur.name === kontur.work.stream"))
        add = "kontur.image().edit({move: 'add', ring: [[9, 9], [30, 9], [30, 30]], label: 0})"
        windows[-1].evaluate(f"() => {add}")
        for window in windows:
            until(window, "kontur.image().outlines.size === 1")
        first.close()
        rest = [window for window in windows if window is not first]
        rest[-1].evaluate(f"() => {add}")
        for window in rest:
            until(window, "kontur.image().outlines.size === 2")
        one_browser.close()


def test_an_answer_that_comes_late_changes_nothing_in_the_image_that_is_open_by_then(
    browser, plate
):
    """A new outline there has a number that an outline here has, too."""
    _, server = plate
    page = open_page(browser, server)
    first = page.evaluate("kontur.image().key")
    with server.client() as client:
        for image in client.get("/api/folder").json()["images"]:
            for _ in range(0 if image["key"] == first else 12):
                seen = client.get(f"/api/images/{image['key']}/objects").json()["revision"]
                added = {"move": "add", "ring": [[150, 150], [160, 150], [160, 160]]}
                body = {"edit": added, "revision": seen}
                assert (
                    client.post(f"/api/images/{image['key']}/edits", json=body).status_code == 200
                )
    waiting = []
    page.route("**/edits", lambda route: waiting.append(route))
    page.keyboard.press("b")
    drag(page, on_screen(page, 14, 15), on_screen(page, 52, 52))  # around the first disc
    page.wait_for_timeout(200)
    (route,) = waiting
    page.keyboard.press("n")
    until(page, f"kontur.image().key !== '{first}' && kontur.image().picture")
    with page.expect_response("**/edits") as answer:
        route.continue_()
    assert answer.value.ok
    page.wait_for_timeout(200)
    assert page.evaluate("[...kontur.selection.ids]") == []
    page.unroute("**/edits")
    page.close()
