"""The port of the page, and what is said of one that cannot be used."""

import socket

import pytest

from kontur.errors import InputError
from kontur.web import serve


def test_a_port_that_is_taken_is_said_to_be_taken_and_what_to_do():
    with socket.socket() as other:
        other.bind((serve.HOST, 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(InputError, match=r"taken .* another kontur serve: .* --port") as raised:
            serve._listen(port)
    assert str(raised.value).startswith(f"port {port} is taken")
    assert "Errno" not in str(raised.value)


def test_the_address_stands_alone_and_then_what_it_is(tmp_path, monkeypatch):
    monkeypatch.setattr(serve._Server, "run", lambda self, sockets: sockets[0].close())
    said = []
    serve.serve(tmp_path, port=0, open_browser=False, say=said.append)
    assert said[0].startswith("http://127.0.0.1:")
    assert " " not in said[0]
    assert tmp_path.name in said[1]
    assert "Ctrl-C ends it" in said[1]
