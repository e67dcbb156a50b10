"""Outlining a folder from the page: what it covers, how far it is, and its end."""

import numpy as np
import tifffile

from tests.web.conftest import nuclei, served
from tests.web.test_page import open_page

PANEL = "document.querySelector('#model')"
DEEP = "{childList: true, subtree: true}"


def test_outline_all_is_of_every_plane_of_a_stack_and_can_be_stopped(browser, tmp_path):
    film = np.stack([nuclei(i % 3) for i in range(12)])
    tifffile.imwrite(tmp_path / "film.tif", film, imagej=True, metadata={"axes": "TYX"})
    with served(tmp_path) as server:
        page = open_page(browser, server)
        page.keyboard.press("Alt+2")
        hold = "kontur.seen = []; kontur.work.on('job', j => kontur.seen.push([j.done, j.total]))"
        page.evaluate(f"() => {{ {hold}; }}")
        page.click("#predict-all")
        page.locator("#model .job", has_text="Objects: 108.").wait_for()
        seen = page.evaluate("kontur.seen")
        hinted = "job => kontur.models.told({...job, result: {...job.result, hints: ['a: flat']}})"
        page.evaluate(f"() => [...kontur.models.jobs.values()].forEach({hinted})")
        page.locator("#model .job", has_text="a: flat").wait_for()
        assert [place for place in seen if place in ([1, 12], [2, 12])] == [[1, 12], [2, 12]]
        # Stop is pressed as soon as it is drawn: a second round takes no time
        press = "document.querySelector('#model .cancel')?.click()"
        page.evaluate(f"() => new MutationObserver(() => {press}).observe({PANEL}, {DEEP})")
        page.click("#predict-all")
        page.locator("#model .job").wait_for(state="detached")
        late = "[...kontur.models.jobs.values()].map(job => ({...job, state: 'waiting'}))"
        page.evaluate(f"() => {late}.forEach(job => kontur.models.told(job))")
        assert page.locator("#model .job").count() == 0
        assert page.locator("#hint").inner_text() == ""  # nor that it is outlining
        page.close()
