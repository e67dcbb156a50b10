"""The page where no server answers: nothing is shown as made that is not, and it says so."""

import numpy as np
import pytest

from tests.web.conftest import served, write_images
from tests.web.test_page import (
    WIDE,
    drag,
    on_screen,
    open_page,
    outlines,
    run_model,
    settled,
    until,
)


@pytest.fixture
def fresh(tmp_path):
    """A server on one image that no other test has edited."""
    with served(write_images(tmp_path / "plate", 1)) as server:
        yield server


def test_an_edit_that_is_not_answered_is_taken_back_and_said_and_the_next_one_is_made(
    browser, fresh
):
    """Neither the server of another start, which does not know the token, nor none."""
    page = open_page(browser, fresh)
    run_model(page)
    number, ring = next(iter(outlines(page).items()))
    page.mouse.click(*on_screen(page, *ring.mean(axis=0)))
    start = on_screen(page, *ring[0])
    unknown = {"status": 401, "json": {"detail": "the token is missing or wrong"}}
    for answer, said in (
        (lambda route: route.fulfill(**unknown), "open the address that it printed"),
        (lambda route: route.abort(), "No connection to kontur serve"),
    ):
        page.route("**/api/images/**", answer)
        for _ in range(2):
            drag(page, start, (start[0] - 30, start[1] - 24))
            settled(page)
            np.testing.assert_array_equal(outlines(page)[number], ring)
        assert page.locator(".toast", has_text=said).count() == 1  # once, although said twice
        assert page.locator("#saved").inner_text() == "Not saved"
        page.unroute("**/api/images/**")
    drag(page, start, (start[0] - 30, start[1] - 24))
    settled(page)
    assert np.abs(outlines(page)[number] - ring).max() > 3
    assert page.locator("#saved").inner_text() == "Saved"
    assert [said for said in page.problems if not said.startswith("Failed to load")] == []
    page.close()


def test_a_page_of_a_server_that_was_started_anew_says_so_for_as_long_as_it_is_open(browser, fresh):
    page = browser.new_page(viewport=WIDE, locale="zh-CN")
    page.route("**/api/events?**", lambda route: route.fulfill(status=401, json={}))
    page.goto(fresh.address)
    page.locator(".toast.lasting", has_text="请打开它打印的地址").wait_for()
    page.locator("#saved.problem", has_text="未连接").wait_for()
    page.close()


def test_outlines_that_were_made_before_the_first_event_was_heard_are_shown(browser, fresh):
    """A key may be pressed before the stream of events stands, on a busy machine."""
    page = browser.new_page(viewport=WIDE)
    held = []
    page.route("**/api/events?**", lambda route: held.append(route))
    page.goto(fresh.address)
    until(page, "kontur.image()?.picture && kontur.models.models.length")
    page.keyboard.press("g")
    with fresh.client() as client:
        while [job["state"] for job in client.get("api/jobs").json()] != ["done"]:
            page.wait_for_timeout(20)
    assert not outlines(page)
    held[0].continue_()
    until(page, "kontur.image().status === 'predicted' && kontur.image().outlines.size")
    page.close()
