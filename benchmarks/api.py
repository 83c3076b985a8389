"""An API on loopback that is not the bottleneck: nginx with its echo module, or a uvicorn where there is none.

It answers every chat completion with the same words: after 50 ms under `/v1`, at once under `/now/v1`.
"""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

THINKING_S = 0.05
LISTING = json.dumps({"object": "list", "data": [{"id": "fugu", "object": "model"}]})
COMPLETION = json.dumps(
    {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1_750_000_000,
        "model": "fugu",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": "Ready."}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 120, "completion_tokens": 30, "total_tokens": 150},
    }
)
_MODULES = ("/usr/lib/nginx/modules", "/usr/lib64/nginx/modules", "/usr/share/nginx/modules")
_PATIENCE_S = 10.0

_NGINX = """
load_module {module};
daemon off;
pid {folder}/nginx.pid;
error_log stderr error;
worker_processes 1;
worker_rlimit_nofile 16384;
events {{ worker_connections 8192; }}
http {{
  access_log off;
  {temporary}
  keepalive_requests 1000000000;
  keepalive_timeout 300s;
  client_max_body_size 0;
  client_body_buffer_size 4m;
  default_type application/json;
  server {{
    listen 127.0.0.1:{port} backlog=8192;
    location ~ ^(/now)?/v1/models$ {{ echo '{listing}'; }}
    location = /v1/chat/completions {{
      add_header x-request-id $request_id;
      echo_read_request_body;
      echo_sleep {thinking_s};
      echo '{completion}';
    }}
    location = /now/v1/chat/completions {{
      add_header x-request-id $request_id;
      echo_read_request_body;
      echo '{completion}';
    }}
  }}
}}
"""


@dataclass(frozen=True, slots=True)
class Api:
    """An API that answers.

    Attributes:
        server: What answers, as the results tell it.
        origin: Scheme, host and port.
    """

    server: str
    origin: str

    @property
    def thinking(self) -> str:
        """The base URL under which an answer takes 50 ms."""
        return f"{self.origin}/v1"

    @property
    def at_once(self) -> str:
        """The base URL under which an answer takes no time."""
        return f"{self.origin}/now/v1"


@contextmanager
def serve(folder: Path) -> Iterator[Api]:
    """Start the API, for as long as the block lasts, with its files in `folder`."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    nginx, module = _nginx(), _echo_module()
    if nginx is None or module is None:
        server, command = "uvicorn (install nginx and its echo module: this one is a bottleneck)", _uvicorn(port)
    else:
        config = folder / "nginx.conf"
        config.write_text(_config(folder, module, port), encoding="utf-8")
        version = (
            subprocess.run([nginx, "-v"], capture_output=True, text=True, check=True).stderr.split("/")[-1].strip()
        )
        server, command = f"nginx {version} with its echo module", [nginx, "-c", str(config), "-e", "stderr"]
    process = subprocess.Popen(command)
    try:
        api = Api(server, f"http://127.0.0.1:{port}")
        _await(api, process)
        yield api
    finally:
        process.terminate()
        process.wait()


def _nginx() -> str | None:
    return shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")


def _echo_module() -> Path | None:
    paths = (Path(folder) / "ngx_http_echo_module.so" for folder in _MODULES)
    return next((path for path in paths if path.exists()), None)


def _config(folder: Path, module: Path, port: int) -> str:
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    return _NGINX.format(
        module=module,
        folder=folder,
        port=port,
        temporary=" ".join(f"{kind}_temp_path {folder}/{kind};" for kind in kinds),
        listing=LISTING,
        completion=COMPLETION,
        thinking_s=THINKING_S,
    )


def _uvicorn(port: int) -> Sequence[str]:
    words = ["--port", str(port), "--backlog", "8192", "--log-level", "error", "--no-access-log"]
    return [sys.executable, "-m", "uvicorn", "benchmarks.fake:answer", *words]


def _await(api: Api, process: subprocess.Popen[bytes]) -> None:
    """Return when the API answers.

    Raises:
        RuntimeError: It does not.
    """
    deadline = time.monotonic() + _PATIENCE_S
    while process.poll() is None and time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"{api.thinking}/models", timeout=1):
                return
        except OSError:
            time.sleep(0.02)
    message = f"{api.server} does not answer at {api.origin}"
    raise RuntimeError(message)
