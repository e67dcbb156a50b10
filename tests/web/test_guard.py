"""Who is answered: with the token, from here, in bodies of a stated length."""

from urllib.parse import quote

from tests.web.conftest import TOKEN


def test_without_the_token_or_from_elsewhere_nothing_is_answered(api):
    paths = [
        route for route in api.get("/openapi.json").json()["paths"] if route.startswith("/api")
    ]
    assert len(paths) > 15
    for path in paths:
        for headers in ({"Authorization": ""}, {"Authorization": "Bearer wrong"}):
            for method in ("GET", "POST", "PUT", "DELETE"):
                assert api.request(method, path, headers=headers).status_code == 401, path
    assert api.get("/api/folder", headers={"Host": "evil.example"}).status_code == 403
    assert api.get("/", headers={"Host": "evil.example:8765"}).status_code == 403
    assert api.get("/api/folder", headers={"Origin": "http://evil.example"}).status_code == 403
    assert api.get("/api/folder", headers={"Origin": "null"}).status_code == 403
    assert api.get("/api/folder", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    own = api.get("/api/folder", headers={"Origin": "http://127.0.0.1:8765"})
    assert own.status_code == 200
    assert "access-control-allow-origin" not in own.headers
    assert api.get(f"/api/folder?token={TOKEN}", headers={"Authorization": ""}).status_code == 200


def test_pages_forbid_what_they_do_not_need_and_no_path_leaves_the_folder(api, images):
    (images.parent / "secret.txt").write_text("secret")
    page = api.get("/")
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert page.headers["x-content-type-options"] == "nosniff"
    assert api.get("/main.js").headers["content-type"].startswith("text/javascript")
    for path in (
        "../secret.txt",
        "..%2fsecret.txt",
        "%2e%2e/%2e%2e/app.py",
        "/etc/passwd",
        "app.py",
    ):
        assert api.get(f"/{path}").status_code == 404
        assert api.get(f"/api/images/{quote(path, safe='')}/thumbnail").status_code in (404, 422)
    huge = api.post("/api/predict", content=b"x", headers={"Content-Length": str(10**12)})
    assert huge.status_code == 413


def test_a_body_without_a_stated_length_is_cut_off_too(api, monkeypatch):
    monkeypatch.setattr("kontur.web.guard.LARGEST_BODY", 1000)

    def chunks():
        for _ in range(100):
            yield b" " * 100

    assert api.post("/api/predict", content=chunks()).status_code == 413
