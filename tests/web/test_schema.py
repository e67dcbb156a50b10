"""The API fuzzed from its own OpenAPI description: however strange a request, no answer is 5xx."""

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings

from kontur.web.app import create_app
from kontur.web.workspace import open_workspace
from tests.web.conftest import ADDRESS, TOKEN, write_images

HEADERS = {"Authorization": f"Bearer {TOKEN}", "Host": ADDRESS.removeprefix("http://")}
ENDLESS = ["/api/events"]  # a stream has no end
REQUESTS = 12  # of each call


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    made = open_workspace(write_images(tmp_path_factory.mktemp("fuzz") / "plate", 2))
    yield made
    made.close()


def test_no_request_is_answered_with_an_error_of_the_server(workspace):
    app = create_app(workspace, token=TOKEN)
    described = schemathesis.openapi.from_asgi("/openapi.json", app, headers=HEADERS)
    key = next(iter(workspace.folder.images))
    answered = {}

    def fuzz(operation):
        @settings(
            max_examples=REQUESTS,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        )
        @given(operation.as_strategy())
        def one(case):
            if "key" in (case.path_parameters or {}):
                case.path_parameters["key"] = key  # an image that is there
            answer = case.call(headers=HEADERS)
            assert answer.status_code < 500, (operation.label, case.body, answer.text)
            if answer.status_code >= 400:
                assert answer.json()["detail"]
            answered.setdefault(operation.label, set()).add(answer.status_code)

        one()

    for found in described.exclude(path=ENDLESS).get_all_operations():
        fuzz(found.ok())
    assert len(answered) > 20
    assert sum(200 in codes or 204 in codes for codes in answered.values()) >= 8
