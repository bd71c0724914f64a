"""
Asks the site as a server does, by way of config.wsgi and config.asgi, and prints the answers as JSON:

    python -m tests.site.outside /up/ /up/ready/

Each is a GET over http, from a client that knows the machine by its IP address only.
"""

import asyncio
import json
import sys
from wsgiref.util import setup_testing_defaults

from asgiref.testing import ApplicationCommunicator

from config import asgi, wsgi

HOST = "10.1.2.3"


def ask_wsgi(path):
    environ, start = {"PATH_INFO": path, "HTTP_HOST": HOST}, []
    setup_testing_defaults(environ)
    response = wsgi.application(environ, lambda status, headers: start.extend([status, headers]))
    body = b"".join(response)
    response.close()
    return int(start[0].split()[0]), {name.lower(): value for name, value in start[1]}, body.decode()


async def ask_asgi(path):
    scope = {
        "type": "http",
        "method": "GET",
        "path": path,
        "query_string": b"",
        "headers": [(b"host", HOST.encode())],
        "client": ("127.0.0.1", 50000),
        "server": (HOST, 80),
        "scheme": "http",
    }
    application = ApplicationCommunicator(asgi.application, scope)
    await application.send_input({"type": "http.request", "body": b""})
    start = await application.receive_output(timeout=30)
    body = await application.receive_output(timeout=30)
    headers = {name.decode().lower(): value.decode() for name, value in start["headers"]}
    return start["status"], headers, body["body"].decode()


if __name__ == "__main__":
    answers = {
        "wsgi": {path: ask_wsgi(path) for path in sys.argv[1:]},
        "asgi": {path: asyncio.run(ask_asgi(path)) for path in sys.argv[1:]},
    }
    print(json.dumps(answers))  # noqa: T201  the caller reads it
