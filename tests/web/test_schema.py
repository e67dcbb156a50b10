"""The API fuzzed from its own OpenAPI description: however strange a request, no answer is 5xx."""

import pytest
import schemathesis
from hypothesis import HealthCheck, settings

from kontur.web.app import create_app
from kontur.web.workspace import open_workspace
from tests.web.conftest import ADDRESS, TOKEN, write_images

HEADERS = {"Authorization": f"Bearer {TOKEN}", "Host": ADDRESS.removeprefix("http://")}
ENDLESS = ["/api/events"]  # a stream has no end


@pytest.fixture(scope="module")
def described(tmp_path_factory):
    folder = write_images(tmp_path_factory.mktemp("fuzz") / "plate", 2)
    workspace = open_workspace(folder)
    workspace.models.predictor("nuclei")
    app = create_app(workspace, token=TOKEN)
    made = schemathesis.openapi.from_asgi("/openapi.json", app, headers=HEADERS)
    made.workspace = workspace
    yield made
    workspace.close()


schema = schemathesis.pytest.from_fixture("described").exclude(path=ENDLESS)


@schema.parametrize()
@settings(max_examples=15, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_no_request_is_answered_with_an_error_of_the_server(case):
    known = case.operation.schema.workspace.folder.images
    if "key" in case.path_parameters:
        case.path_parameters["key"] = next(iter(known))  # one that is there
    answer = case.call(headers=HEADERS)
    assert answer.status_code < 500, answer.text
    if answer.status_code >= 400:
        assert answer.json()["detail"]
