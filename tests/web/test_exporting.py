"""Outlines exported in every format, and what it loses."""

from tests.web.edits import DISC, edit, key_of


def test_every_format_can_be_exported_and_says_what_it_loses(api):
    key = key_of(api)
    edit(api, key, 0, move="add", ring=DISC)
    edit(api, key, 1, move="carve", object=1, region=[[15, 15], [20, 15], [20, 20]])
    for format in api.get("/api/folder").json()["formats"]:
        made = api.post("/api/export", json={"format": format["name"], "images": [key]})
        assert made.status_code == 200, (format, made.text)
        assert len(made.content) > 20
    labelme = api.post("/api/export", json={"format": "labelme", "images": None})
    assert "cells0" in labelme.headers["content-disposition"]
    assert api.post("/api/export", json={"format": "labelmee"}).status_code == 400
