"""The table of network faults: what a server does wrong, and what the engine must make of it.

One row, one mechanism. `kind` is the failure's, or None where the answer is still good and a reply comes out.
"""

import asyncio
import gzip
import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from canary import CANARY
from faults.server import Serve, Visit
from overlord_run.engine.base import FailureKind

MIB = 1024 * 1024


@dataclass(frozen=True)
class Fault:
    """One row.

    Attributes:
        retry_after_s: What the answer asks to wait, as understood.
        text: The reply's, where there is one.
        door: How the client gets to the server: `http`; `https` with the server's certificate trusted or not; each to
            a server that speaks the other; or `closed`, a port where nobody listens.
        server_speaks_tls: Whether the server expects TLS.
        timeout_s: The attempt's. It must end within a second more.
    """

    name: str
    serve: Serve
    kind: FailureKind | None
    unbilled: bool = False
    status: int | None = None
    retry_after_s: float | None = None
    text: str = "Ready."
    door: str = "http"
    server_speaks_tls: bool = False
    timeout_s: float = 5.0


def completion(content: Any = "Ready.", **message: Any) -> dict[str, Any]:
    """Return a chat completion."""
    choice = {"index": 0, "message": {"role": "assistant", "content": content, **message}, "finish_reason": "stop"}
    return {"id": "chatcmpl-1", "object": "chat.completion", "model": "fugu", "choices": [choice]}


def error(message: str, *, code: str | None = None, type_: str | None = None) -> dict[str, Any]:
    """Return an error's body."""
    return {"error": {"message": message, "code": code, "type": type_}}


def raw(*pieces: bytes) -> Serve:
    """Read the request, send the pieces as they stand, close."""

    async def serve(visit: Visit) -> None:
        await visit.read_request()
        for piece in pieces:
            await visit.send(piece)

    return serve


def answer(body: Any, status: int = 200, *headers: str) -> Serve:
    """Answer well-formed HTTP; a body that is no bytes as JSON."""
    return raw(head(status, *headers, length=len(encoded(body))) + encoded(body))


def head(status: int = 200, *headers: str, length: int | None = None) -> bytes:
    """Return the head of an answer."""
    lines = [f"HTTP/1.1 {status} Word", "content-type: application/json", *headers]
    if length is not None:
        lines.append(f"content-length: {length}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def encoded(body: Any) -> bytes:
    """Return a body's bytes."""
    return body if isinstance(body, bytes) else json.dumps(body).encode()


GOOD = encoded(completion())
GOOD_ANSWER = head(length=len(GOOD)) + GOOD


def chunked(*chunks: bytes) -> bytes:
    """Return chunks of a chunked body."""
    return b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks)


async def close_at_once(_visit: Visit) -> None:
    """Take the connection and close it."""


async def reset_at_once(visit: Visit) -> None:
    """Take the connection and reset it."""
    visit.reset()


async def hang_at_once(visit: Visit) -> None:
    """Take the connection and say nothing."""
    await visit.hang()


def then_reset(*pieces: bytes) -> Serve:
    """Read the request, send the pieces, reset."""

    async def serve(visit: Visit) -> None:
        await raw(*pieces)(visit)
        visit.reset()

    return serve


def then_hang(*pieces: bytes) -> Serve:
    """Read the request, send the pieces, say no more."""

    async def serve(visit: Visit) -> None:
        await raw(*pieces)(visit)
        await visit.hang()

    return serve


def endless(start: bytes, piece: bytes) -> Serve:
    """Read the request, send the start, then the piece for ever."""

    async def serve(visit: Visit) -> None:
        await raw(start)(visit)
        while True:
            await visit.send(piece)
            await asyncio.sleep(0)  # the client is in the same event loop

    return serve


async def drip(visit: Visit) -> None:
    """Send a good answer, a byte every 20 ms."""
    await visit.read_request()
    for byte in GOOD_ANSWER:
        await visit.send(bytes([byte]))
        await asyncio.sleep(0.02)


async def answer_tls_in_plain(visit: Visit) -> None:
    """Answer a TLS handshake with plain HTTP."""
    await visit.reader.readexactly(10)
    await visit.send(head(400, length=0))


async def half_request(visit: Visit) -> None:
    """Close after the first bytes of the request, unread ones left: that resets."""
    await visit.reader.readexactly(10)


async def answer_early(visit: Visit) -> None:
    """Answer 413 before the request's body was read."""
    await visit.reader.readuntil(b"\r\n\r\n")
    await visit.send(head(413, "connection: close", length=0))


def bomb() -> Serve:
    """Answer with gzip that inflates to 1 GiB of zeros, as the client reads on."""

    def pieces() -> Iterator[bytes]:
        deflate = zlib.compressobj(9, zlib.DEFLATED, 31)
        for _ in range(1024):
            yield deflate.compress(bytes(MIB))
        yield deflate.flush()

    async def serve(visit: Visit) -> None:
        await visit.read_request()
        await visit.send(head(200, "content-encoding: gzip", "transfer-encoding: chunked"))
        for piece in pieces():
            if piece:
                await visit.send(chunked(piece))

    return serve


NO_TLS_RECORD = b"\x17\x03\x03\x00\x20" + b"no TLS record has this in it...."
ONE_READ = 256 * 1024
"""As much as asyncio takes of a TLS connection at a time: what comes after it is looked at later."""


async def damaged_tls(visit: Visit) -> None:
    """Break the TLS records so far behind the head of the answer that it was taken before."""
    await visit.read_request()
    await visit.send(head(length=4 * ONE_READ) + b" " * 2 * ONE_READ)
    visit.writer.transport._ssl_protocol._transport.write(NO_TLS_RECORD)  # type: ignore[attr-defined]
    await visit.hang()


async def damaged_tls_at_once(visit: Visit) -> None:
    """Break the TLS records right behind the head of the answer, in the same packet."""
    await visit.read_request()
    protocol = visit.writer.transport._ssl_protocol  # type: ignore[attr-defined]
    protocol._sslobj.write(head(length=1000) + b"{")
    protocol._transport.write(protocol._outgoing.read() + NO_TLS_RECORD)
    await visit.hang()


def gzipped(body: bytes, *, encoding: str = "gzip") -> Serve:
    """Answer with a compressed body."""
    return answer(body, 200, f"content-encoding: {encoding}")


def message_of(content: Any, **message: Any) -> Serve:
    """Answer with this assistant's message."""
    return answer(completion(content, **message))


def finished(finish_reason: str) -> Serve:
    """Answer without text, and say why it ended."""
    body = completion(None)
    body["choices"][0]["finish_reason"] = finish_reason
    return answer(body)


def with_usage(usage: str) -> Serve:
    """Answer with this usage, as JSON text."""
    return answer(GOOD[:-1] + b', "usage": ' + usage.encode() + b"}")


PACE = error("slow down", code="rate_limit_exceeded", type_="requests")

FAULTS: list[Fault] = [
    # Before anything can be sent
    Fault("nobody listens", close_at_once, "connect", unbilled=True, door="closed"),
    Fault("plain server behind https", answer_tls_in_plain, "connect", unbilled=True, door="https"),
    Fault("certificate not trusted", close_at_once, "connect", unbilled=True, door="untrusted", server_speaks_tls=True),
    Fault("TLS handshake hangs", hang_at_once, "timeout", unbilled=True, door="https", timeout_s=0.3),
    Fault("TLS handshake closed", close_at_once, "connect", unbilled=True, door="https"),
    Fault("TLS handshake reset", reset_at_once, "connect", unbilled=True, door="https"),
    # The connection breaks
    Fault("TLS server behind http", close_at_once, "transport", server_speaks_tls=True),
    Fault("closed before the request", close_at_once, "transport"),
    Fault("reset before the request", reset_at_once, "transport"),
    Fault("closed amid the request", half_request, "transport"),
    Fault("closed after the request", raw(), "transport"),
    Fault("reset after the request", then_reset(), "transport"),
    Fault("closed amid the status line", raw(b"HTTP/1.1 20"), "transport"),
    Fault("closed amid the headers", raw(b"HTTP/1.1 200 OK\r\ncontent-le"), "transport"),
    Fault("reset after the headers", then_reset(head(length=100)), "transport", status=200),
    Fault("closed amid the body", raw(head(length=len(GOOD)) + GOOD[:40]), "transport", status=200),
    Fault("reset amid the body", then_reset(head(length=len(GOOD)) + GOOD[:40]), "transport", status=200),
    Fault(
        "closed amid a chunk",
        raw(head(200, "transfer-encoding: chunked") + chunked(GOOD)[:40]),
        "transport",
        status=200,
    ),
    Fault(
        "closed before the last chunk",
        raw(head(200, "transfer-encoding: chunked") + chunked(GOOD)),
        "transport",
        status=200,
    ),
    Fault(
        "TLS records damaged amid the body",
        damaged_tls,
        "transport",
        status=200,
        door="https",
        server_speaks_tls=True,
    ),
    Fault(
        "TLS records damaged in the packet with the head",
        damaged_tls_at_once,
        "transport",
        door="https",
        server_speaks_tls=True,
    ),
    Fault(
        "TLS closed amid the body",
        raw(head(length=99) + b"{"),
        "transport",
        status=200,
        door="https",
        server_speaks_tls=True,
    ),
    # The server says nothing, or never stops
    Fault("hangs before the status line", then_hang(), "timeout", timeout_s=0.3),
    Fault("hangs amid the headers", then_hang(b"HTTP/1.1 200 OK\r\n"), "timeout", timeout_s=0.3),
    Fault("hangs before the body", then_hang(head(length=100)), "timeout", status=200, timeout_s=0.3),
    Fault("hangs amid the body", then_hang(head(length=100) + b"{"), "timeout", status=200, timeout_s=0.3),
    Fault("hangs over TLS", then_hang(), "timeout", door="https", server_speaks_tls=True, timeout_s=0.3),
    Fault("drips a byte at a time", drip, "timeout", timeout_s=0.5),
    Fault("endless 100 Continue", endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n"), "timeout", timeout_s=0.5),
    Fault("endless headers", endless(b"HTTP/1.1 200 OK\r\n", b"x-more: " + b"y" * 9000 + b"\r\n"), "transport"),
    Fault("endless status line", endless(b"HTTP/1.1 200 ", b"O" * 9000), "transport"),
    Fault(
        "endless chunks",
        endless(head(200, "transfer-encoding: chunked"), chunked(b" " * 65536)),
        "too-large",
        status=200,
    ),
    Fault("endless body until the close", endless(head(200), b" " * 65536), "too-large", status=200),
    Fault("a length of 1 TiB", endless(head(length=1024**4), b" " * 65536), "too-large", status=200),
    Fault(
        "endless trailers",
        endless(head(200, "transfer-encoding: chunked") + b"0\r\n", b"x: y\r\n"),
        "transport",
        status=200,
    ),
    # HTTP that is wrong
    Fault("another protocol", raw(b"SSH-2.0-OpenSSH_9.6\r\n"), "transport"),
    Fault("HTTP/0.9", raw(GOOD), "transport"),
    Fault("HTTP/2 on HTTP/1", raw(b"\x00\x00\x12\x04\x00\x00\x00\x00\x00"), "transport"),
    Fault("a status of two digits", raw(b"HTTP/1.1 20 OK\r\n\r\n"), "transport"),
    Fault("a header without a colon", raw(head(200, "no colon here", length=len(GOOD)) + GOOD), "transport"),
    Fault("a NUL in a header", raw(head(200, "x-request-id: a\0b", length=len(GOOD)) + GOOD), "transport"),
    Fault("a bare CR in a header", raw(head(200, "x-a: b\rx-c: d", length=len(GOOD)) + GOOD), "transport"),
    Fault("two lengths", raw(head(200, "content-length: 7", length=len(GOOD)) + GOOD), "transport"),
    Fault("a negative length", raw(b"HTTP/1.1 200 OK\r\ncontent-length: -5\r\n\r\n" + GOOD), "transport"),
    Fault("a length that is no number", raw(b"HTTP/1.1 200 OK\r\ncontent-length: all\r\n\r\n" + GOOD), "transport"),
    Fault("a length too small", raw(head(length=40) + GOOD), "malformed", status=200),
    Fault(
        "a chunk size that is no number",
        raw(head(200, "transfer-encoding: chunked") + b"zz\r\n"),
        "transport",
        status=200,
    ),
    Fault("a transfer encoding nobody knows", raw(head(200, "transfer-encoding: zip") + GOOD), "transport"),
    Fault("a protocol switch", raw(head(101, "upgrade: websocket", "connection: upgrade")), "transport"),
    # HTTP that is unusual, and right
    Fault("HTTP/1.0 without a length", raw(b"HTTP/1.0 200 OK\r\n\r\n" + GOOD), None),
    Fault("a body until the close", raw(head(200) + GOOD), None),
    Fault("100 Continue before the answer", raw(b"HTTP/1.1 100 Continue\r\n\r\n" + GOOD_ANSWER), None),
    Fault("103 Early Hints before the answer", raw(head(103, "link: </x>"), GOOD_ANSWER), None),
    Fault(
        "chunks of one byte",
        raw(head(200, "transfer-encoding: chunked") + chunked(*[bytes([b]) for b in GOOD], b"")),
        None,
    ),
    Fault("answered before the request was read", answer_early, "bad-request", status=413),
    # Compressed, though identity was asked for
    Fault("gzip", gzipped(gzip.compress(GOOD)), None),
    Fault("deflate", gzipped(zlib.compress(GOOD), encoding="deflate"), None),
    Fault("a gzip bomb of 1 GiB", bomb(), "too-large", status=200, timeout_s=20),
    Fault("damaged gzip", gzipped(gzip.compress(GOOD)[:20] + b"\xff" * 40), "malformed", status=200),
    Fault("gzip cut short", gzipped(gzip.compress(GOOD)[:-20]), "malformed", status=200),
    Fault("brotli", gzipped(b"\x0b\x02\x80", encoding="br"), "malformed", status=200),
    Fault("gzip twice", gzipped(gzip.compress(gzip.compress(GOOD)), encoding="gzip, gzip"), "malformed", status=200),
    # A body that is no chat completion
    Fault("an empty body", answer(b""), "malformed", status=200),
    Fault("a blank body", answer(b" \n "), "malformed", status=200),
    Fault("HTML", answer(b"<!doctype html><title>Sign in</title>"), "malformed", status=200),
    Fault("an event stream", answer(b"data: " + GOOD + b"\n\ndata: [DONE]\n\n"), "malformed", status=200),
    Fault("JSON with more behind it", answer(GOOD + b"{}"), "malformed", status=200),
    Fault("UTF-16", answer(GOOD.decode().encode("utf-16")), "malformed", status=200),
    Fault("a list", answer([completion()]), "malformed", status=200),
    Fault("a number", answer(42), "malformed", status=200),
    Fault("nested 200,000 deep", answer(b"[" * 200_000 + b"]" * 200_000), "malformed", status=200),
    Fault("2,000,000 empty lists", answer(b"[" + b"[]," * 2_000_000 + b"[]]"), "malformed", status=200),
    Fault("an integer of 5,000 digits", with_usage('{"prompt_tokens": ' + "9" * 5000 + "}"), "malformed", status=200),
    Fault("an error with status 200", answer(error("the model is gone")), "malformed", status=200),
    Fault("no choices", answer({"id": "x", "model": "fugu"}), "malformed", status=200),
    Fault("choices of length 0", answer(completion() | {"choices": []}), "malformed", status=200),
    Fault("choices null", answer(completion() | {"choices": None}), "malformed", status=200),
    Fault("choices of texts", answer(completion() | {"choices": ["Ready."]}), "malformed", status=200),
    Fault("choices a mapping", answer(completion() | {"choices": {"0": {}}}), "malformed", status=200),
    Fault("a choice without a message", answer(completion() | {"choices": [{"index": 0}]}), "malformed", status=200),
    Fault(
        "a message that is a text", answer(completion() | {"choices": [{"message": "Ready."}]}), "malformed", status=200
    ),
    # A completion without text
    Fault("content null", message_of(None), "no-text", status=200),
    Fault("content empty", message_of(""), "no-text", status=200),
    Fault("content blank", message_of(" \n\t\u00a0"), "no-text", status=200),
    Fault("content invisible", message_of("\u200b\u2060\ufeff\x00"), "no-text", status=200),
    Fault("content a number", message_of(42), "no-text", status=200),
    Fault("content an object", message_of({"text": "Ready."}), "no-text", status=200),
    Fault(
        "content without text parts",
        message_of([{"type": "image_url", "image_url": {}}, 7, None]),
        "no-text",
        status=200,
    ),
    Fault("content parts with odd types", message_of([{"type": ["text"], "text": "x"}]), "no-text", status=200),
    Fault("the limit before any text", finished("length"), "no-text", status=200),
    Fault("tool calls", message_of(None, tool_calls=[{"id": "c", "type": "function"}]), "tool-calls", status=200),
    Fault("an old function call", message_of(None, function_call={"name": "f"}), "tool-calls", status=200),
    Fault("a refusal", message_of(None, refusal="I cannot help with that."), "refusal", status=200),
    Fault("a refusal part", message_of([{"type": "refusal", "refusal": "No."}]), "refusal", status=200),
    Fault("a content filter", finished("content_filter"), "refusal", status=200),
    # A completion that is odd, and good
    Fault("content in parts", message_of([{"type": "text", "text": "Rea"}, {"text": "dy."}]), None),
    Fault(
        "thoughts beside text",
        message_of([{"type": "thinking", "thinking": []}, {"type": "text", "text": "Ready."}]),
        None,
    ),
    Fault("text beside tool calls", message_of("Ready.", tool_calls=[{"id": "c"}]), None),
    Fault("a lone surrogate", answer(GOOD.replace(b"Ready.", b"Ready\\ud800.")), None, text="Ready\ufffd."),
    Fault("bytes that are not UTF-8", answer(GOOD.replace(b"Ready.", b"Ready\xff.")), None, text="Ready\ufffd."),
    Fault("a byte order mark", answer(b"\xef\xbb\xbf" + GOOD), None),
    Fault("NaN", with_usage('{"prompt_tokens": NaN, "completion_tokens": -Infinity}'), None),
    Fault(
        "counts that are none",
        with_usage('{"prompt_tokens": -1, "completion_tokens": 1e9, "cached_tokens": true}'),
        None,
    ),
    Fault("usage a list", with_usage("[1, 2]"), None),
    Fault("a key twice", answer(b'{"choices": null, ' + GOOD[1:]), None),
    Fault("the key in the text", message_of(f"Your key is {CANARY}."), None, text="Your key is [redacted]."),
    Fault("another content type", raw(b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\n\r\n" + GOOD), None),
    # Another status
    Fault("201", answer(completion(), 201), "status", status=201),
    Fault("204", raw(b"HTTP/1.1 204 No Content\r\n\r\n"), "status", status=204),
    Fault("206", answer(completion(), 206), "status", status=206),
    Fault("a redirect to elsewhere", answer(b"", 302, "location: http://127.0.0.1:9/v1"), "redirected", status=302),
    Fault("a redirect to itself", answer(b"", 307, "location: /v1/chat/completions"), "redirected", status=307),
    Fault("400", answer(error("bad"), 400), "bad-request", status=400),
    Fault("401", answer(error("bad key", code="invalid_api_key"), 401), "refused-key", status=401),
    Fault("402", answer(error("no credit"), 402), "quota", status=402),
    Fault("403", answer(error("region"), 403), "refused-key", status=403),
    Fault("404", answer(error("no model"), 404), "not-found", status=404),
    Fault("405", answer(b"", 405), "not-found", status=405),
    Fault("408", answer(b"", 408), "status", status=408),
    Fault("409", answer(b"", 409), "status", status=409),
    Fault("422", answer({"detail": [{"loc": ["body"]}]}, 422), "bad-request", status=422),
    Fault("500", answer(error("oops"), 500), "server-error", status=500),
    Fault(
        "500 that asks to come again", answer(b"", 500, "retry-after: 1"), "server-error", status=500, retry_after_s=1.0
    ),
    Fault("502", answer(b"<html>", 502), "server-error", status=502),
    Fault("503", answer(b"", 503), "overloaded", unbilled=True, status=503),
    Fault("504", answer(b"", 504), "server-error", status=504),
    Fault("524", answer(b"", 524), "server-error", status=524),
    Fault("529", answer(error("busy", type_="overloaded_error"), 529), "overloaded", unbilled=True, status=529),
    Fault("999", answer(b"", 999), "status", status=999),
    # Too many requests
    Fault("429", answer(PACE, 429), "rate-limited", unbilled=True, status=429),
    Fault("429 without a body", answer(b"", 429), "rate-limited", unbilled=True, status=429),
    Fault(
        "429 for quota by code",
        answer(error("You exceeded your current quota", code="insufficient_quota"), 429),
        "quota",
        status=429,
    ),
    Fault("429 for credit by type", answer(error("pay", type_="billing_hard_limit_reached"), 429), "quota", status=429),
    Fault("429 for credit by message", answer(error("Your credit balance is too low"), 429), "quota", status=429),
    Fault(
        "429 for pace that mentions billing",
        answer(error("Rate limit reached. Add a payment method in billing.", code="rate_limit_exceeded"), 429),
        "rate-limited",
        unbilled=True,
        status=429,
    ),
    Fault(
        "retry-after in seconds",
        answer(PACE, 429, "retry-after: 7"),
        "rate-limited",
        unbilled=True,
        status=429,
        retry_after_s=7.0,
    ),
    Fault(
        "retry-after in milliseconds",
        answer(PACE, 429, "retry-after: 9", "retry-after-ms: 250"),
        "rate-limited",
        unbilled=True,
        status=429,
        retry_after_s=0.25,
    ),
    Fault(
        "retry-after as a date",
        answer(PACE, 429, "retry-after: Thu, 01 Jan 1970 00:01:30 GMT"),
        "rate-limited",
        unbilled=True,
        status=429,
        retry_after_s=30.0,
    ),
    Fault(
        "retry-after of an hour",
        answer(PACE, 429, "retry-after: 3600"),
        "rate-limited",
        unbilled=True,
        status=429,
        retry_after_s=float("inf"),
    ),
    Fault(
        "retry-after NaN",
        answer(PACE, 503, "retry-after: nan"),
        "overloaded",
        unbilled=True,
        status=503,
        retry_after_s=float("inf"),
    ),
    Fault("retry-after in words", answer(PACE, 429, "retry-after: soon"), "rate-limited", unbilled=True, status=429),
    # An error whose body is a fault of its own: the status still tells
    Fault("401 with an endless body", endless(head(401), b" " * 65536), "refused-key", status=401),
    Fault(
        "429 that hangs amid the body",
        then_hang(head(429, length=9)),
        "rate-limited",
        unbilled=True,
        status=429,
        timeout_s=0.3,
    ),
    Fault("400 that resets amid the body", then_reset(head(400, length=9) + b"{"), "bad-request", status=400),
    Fault("500 with damaged gzip", answer(b"no gzip", 500, "content-encoding: gzip"), "server-error", status=500),
    Fault("500 with deep JSON", answer(b"[" * 90_000, 500), "server-error", status=500),
    Fault("500 with error null", answer({"error": None, "message": ["x"]}, 500), "server-error", status=500),
    Fault("the key in an error", answer(error(f"bad key {CANARY}"), 401), "refused-key", status=401),
]
