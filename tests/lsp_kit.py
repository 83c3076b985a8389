"""A small client of a YAML language server: it opens texts as an editor does, and asks what the editor would show."""

import json
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Empty, Queue
from typing import Any, Self

import pytest

TOOLS = Path(__file__).parent / "node"
SERVER = TOOLS / "node_modules" / "yaml-language-server" / "bin" / "yaml-language-server"
INSTALL = "npm ci --prefix tests/node"
PATIENCE = 20.0  # seconds for one answer, which takes a few milliseconds

Message = dict[str, Any]


def require_tools() -> None:
    """Skip the test where the tools of npm are not installed; in CI, which installs them, that is a failure."""
    if shutil.which("node") is None:
        reason = "there is no node"
    elif not SERVER.exists():
        reason = f"the tools of npm are not installed: {INSTALL}"
    else:
        return
    if "CI" in os.environ:
        pytest.fail(reason)
    pytest.skip(reason)


class Editor:
    """One server, as an editor has it: its documents are open texts, with or without a file."""

    def __init__(self, process: "subprocess.Popen[bytes]", settings: Message) -> None:
        self._problems: dict[str, list[str]] = {}
        self._process = process
        self._settings = settings
        self._received: Queue[Message] = Queue()
        self._last = 0
        threading.Thread(target=self._receive, daemon=True).start()

    @classmethod
    @contextmanager
    def started(cls, folder: Path, **settings: Any) -> Iterator[Self]:
        """Start a server in a folder, and end it; it has these settings under `yaml`, and asks nothing of a network."""
        with subprocess.Popen(
            ["node", str(SERVER), "--stdio"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        ) as process:
            try:
                editor = cls(process, {"yaml": {"schemaStore": {"enable": False}, **settings}})
                editor._greet(folder)
                yield editor
            finally:
                process.kill()

    def open(self, uri: str, text: str) -> None:
        """Open a text."""
        document = {"uri": uri, "languageId": "yaml", "version": 1, "text": text}
        self._notify("textDocument/didOpen", textDocument=document)

    def underlined(self, uri: str) -> list[str]:
        """Return what the editor says of an open text: it looks a moment after the last change."""
        while uri not in self._problems:
            self._take()
        return self._problems[uri]

    def complete(self, uri: str, line: int, character: int) -> list[Message]:
        """Return what is offered at a place, both from 0."""
        found = self._ask("textDocument/completion", **_place(uri, line, character))
        items: list[Message] = found["items"] if isinstance(found, dict) else found
        return items

    def hover(self, uri: str, line: int, character: int) -> str:
        """Return what is shown for a place, both from 0."""
        found = self._ask("textDocument/hover", **_place(uri, line, character))
        return "" if found is None else str(found["contents"]["value"])

    def _greet(self, folder: Path) -> None:
        completion = {"completionItem": {"snippetSupport": True, "documentationFormat": ["markdown"]}}
        document = {"completion": completion, "hover": {"contentFormat": ["markdown"]}}
        abilities = {"textDocument": document, "workspace": {"configuration": True}}
        folders = [{"uri": folder.as_uri(), "name": folder.name}]
        root = {"rootUri": folder.as_uri(), "workspaceFolders": folders}
        self._ask(
            "initialize", processId=None, capabilities={**abilities, "workspace": {"configuration": True}}, **root
        )
        self._notify("initialized")
        self._notify("workspace/didChangeConfiguration", settings=self._settings)

    def _ask(self, method: str, **params: Any) -> Any:
        self._last += 1
        self._send({"id": self._last, "method": method, "params": params})
        while (message := self._take()).get("id") != self._last or "method" in message:
            pass
        assert "error" not in message, message
        return message["result"]

    def _notify(self, method: str, **params: Any) -> None:
        self._send({"method": method, "params": params})

    def _send(self, message: Message) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self._process.stdin is not None
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self._process.stdin.flush()

    def _take(self) -> Message:
        """Return the next message; a request of the server's own gets its answer, and problems are noted."""
        try:
            message = self._received.get(timeout=PATIENCE)
        except Empty:
            text = f"the language server said nothing for {PATIENCE} s"
            raise AssertionError(text) from None
        if message.get("method") == "textDocument/publishDiagnostics":
            found = message["params"]["diagnostics"]
            self._problems[message["params"]["uri"]] = [problem["message"] for problem in found]
        elif "method" in message and "id" in message:
            wanted = message.get("params", {}).get("items", ())  # the settings that it asks for, by their section
            self._send({"id": message["id"], "result": [self._settings.get(one["section"]) for one in wanted] or None})
        return message

    def _receive(self) -> None:
        stream = self._process.stdout
        assert stream is not None
        while header := stream.readline():
            length = int(header.removeprefix(b"Content-Length: "))
            while stream.readline().strip():
                pass
            self._received.put(json.loads(stream.read(length)))


def _place(uri: str, line: int, character: int) -> Message:
    return {"textDocument": {"uri": uri}, "position": {"line": line, "character": character}}
