"""What windows show of an image that changes while they show it, or others."""

import numpy as np
from PIL import Image

from tests.web.conftest import nuclei, served, write_images
from tests.web.test_page import open_page, settled, until

ADD = "kontur.image().edit({move: 'add', ring: [[9, 9], [30, 9], [30, 30]], label: 0})"


def test_an_image_that_is_replaced_while_it_is_open_is_shown_anew(browser, tmp_path):
    folder = write_images(tmp_path / "plate", 1)
    with served(folder) as server:
        page = open_page(browser, server)
        page.evaluate(f"() => {ADD}")
        settled(page)
        Image.fromarray(np.pad(nuclei(5), 10)).save(folder / "cells0.png")
        page.evaluate(f"() => {ADD}")
        until(page, "kontur.image().picture?.width === 280 && kontur.image().outlines.size === 2")
        assert "see whether the outlines fit" in page.locator("#toasts").inner_text()
        assert page.problems == []
        page.close()


def test_what_is_done_in_another_window_keeps_its_number_of_objects(browser, tmp_path):
    with served(write_images(tmp_path / "plate", 2)) as server:
        first, second = (open_page(browser, server) for _ in range(2))
        second.locator(".thumb").nth(1).click()
        first.evaluate(f"() => {ADD}")
        settled(first)
        first.locator("#done").click()
        until(second, "document.querySelector('.thumb .dot').className === 'dot done'")
        assert second.locator(".thumb .count").first.inner_text() == "1"
        first.close()
        second.close()


def test_images_that_came_or_went_are_listed_once_the_window_is_in_front_again(browser, tmp_path):
    folder = write_images(tmp_path / "plate", 2)
    with served(folder) as server:
        page = open_page(browser, server)
        until(page, "kontur.work.stream")
        page.evaluate("() => document.querySelector('.thumb').dataset.kept = 'yes'")
        come_back = "() => dispatchEvent(new Event('focus'))"
        with page.expect_response("**/folder/refresh"):
            page.evaluate(come_back)
        assert page.locator(".thumb").first.get_attribute("data-kept") == "yes"  # nothing is new
        Image.fromarray(nuclei(7)).save(folder / "later.png")
        (folder / "cells1.png").unlink()
        page.evaluate(come_back)
        page.locator(".thumb", has_text="later.png").locator("img").wait_for()
        assert page.locator(".thumb .name").all_inner_texts() == ["cells0.png", "later.png"]
        assert page.locator(".thumb[aria-current=true]").inner_text().startswith("cells0.png")
        page.locator(".thumb").nth(1).click()
        until(page, "document.title.startsWith('later')")
        assert page.problems == []
        page.close()
