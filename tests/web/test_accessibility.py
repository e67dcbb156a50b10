"""Everybody can use the page: axe-core finds no violation in any view."""

import pytest

pytest.importorskip("axe_playwright_python")

from axe_playwright_python.sync_playwright import Axe

from tests.web.conftest import served, write_images
from tests.web.test_page import NARROW, WIDE, open_page, run_model, until

PANELS = ["Alt+1", "Alt+2", "Alt+3"]
DIALOGS = ["?", "Control+s"]


def violations(page):
    page.wait_for_timeout(50)
    found = Axe().run(page).response["violations"]
    return [(each["id"], [node["html"] for node in each["nodes"]]) for each in found]


@pytest.mark.parametrize("viewport", [WIDE, NARROW], ids=["wide", "narrow"])
def test_no_view_hinders_anybody(browser, tmp_path, viewport):
    """In both themes and languages; with objects, one of them selected."""
    with served(write_images(tmp_path / "plate", 2)) as server:
        page = open_page(browser, server, viewport)
        run_model(page)
        page.evaluate("() => kontur.selection.set([...kontur.image().outlines.keys()].slice(0, 1))")
        if viewport is NARROW:
            page.click("#show-panel")
        seen = set()
        for key, views in (
            ("", PANELS + DIALOGS),
            ("l", PANELS[:1]),
            ("t", PANELS + DIALOGS),
            ("l", PANELS[:1]),
        ):
            if key:
                page.keyboard.press(key)
            seen.add(
                page.evaluate("[document.documentElement.lang, kontur.viewer.background] + ''")
            )
            for view in views:
                page.keyboard.press(view)
                if view in DIALOGS:
                    until(page, "document.getElementById('dialog').open")
                assert violations(page) == [], (key, view)
                if view in DIALOGS:
                    page.keyboard.press("Escape")
        assert len(seen) == 4
        if viewport is NARROW:
            page.click("#settings")
            assert violations(page) == []
        page.close()
