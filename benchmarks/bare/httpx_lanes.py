"""The bare loop: httpx with one connection a servant, storing nothing. BASE_URL SERVANTS REDIRECTS CHARS."""

import asyncio
import ssl
import sys

import httpx

BASE_URL, (SERVANTS, REDIRECTS, CHARS) = sys.argv[1], map(int, sys.argv[2:])


def connect(context: ssl.SSLContext) -> httpx.AsyncClient:
    """Return a client that has one connection."""
    headers = {"authorization": "Bearer sk-bench-0123456789"}
    limits = httpx.Limits(max_connections=1, max_keepalive_connections=1)
    return httpx.AsyncClient(headers=headers, verify=context, limits=limits, timeout=90)


async def converse(context: ssl.SSLContext) -> None:
    """Hold one servant's conversation."""
    messages = [{"role": "system", "content": "You advise."}]
    async with connect(context) as client:
        for text in ("Task.", *[f"Go on {number}.".ljust(CHARS, ".") for number in range(REDIRECTS)]):
            messages.append({"role": "user", "content": text})
            reply = await client.post(f"{BASE_URL}/chat/completions", json={"model": "fugu", "messages": messages})
            messages.append(reply.raise_for_status().json()["choices"][0]["message"])


async def main() -> None:
    """Prove the API and hold every conversation at once."""
    context = httpx.create_ssl_context()
    async with connect(context) as client:
        (await client.get(f"{BASE_URL}/models")).raise_for_status()
    await asyncio.gather(*(converse(context) for _ in range(SERVANTS)))


asyncio.run(main())
