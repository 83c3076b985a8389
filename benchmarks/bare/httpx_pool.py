"""The bare loop: httpx with its own pool, storing nothing. BASE_URL SERVANTS REDIRECTS CHARS."""

import asyncio
import sys

import httpx

BASE_URL, (SERVANTS, REDIRECTS, CHARS) = sys.argv[1], map(int, sys.argv[2:])


async def converse(client: httpx.AsyncClient) -> None:
    """Hold one servant's conversation."""
    messages = [{"role": "system", "content": "You advise."}]
    for text in ("Task.", *[f"Go on {number}.".ljust(CHARS, ".") for number in range(REDIRECTS)]):
        messages.append({"role": "user", "content": text})
        reply = await client.post(f"{BASE_URL}/chat/completions", json={"model": "fugu", "messages": messages})
        messages.append(reply.raise_for_status().json()["choices"][0]["message"])


async def main() -> None:
    """Prove the API and hold every conversation at once."""
    headers = {"authorization": "Bearer sk-bench-0123456789"}
    timeout = httpx.Timeout(90, pool=None)  # a call may wait for a connection as long as it has to
    async with httpx.AsyncClient(headers=headers, timeout=timeout) as client:
        (await client.get(f"{BASE_URL}/models")).raise_for_status()
        await asyncio.gather(*(converse(client) for _ in range(SERVANTS)))


asyncio.run(main())
