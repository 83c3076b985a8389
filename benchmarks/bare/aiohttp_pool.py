"""The bare loop: aiohttp with a pool without bounds, storing nothing. BASE_URL SERVANTS REDIRECTS CHARS."""

import asyncio
import sys

import aiohttp

BASE_URL, (SERVANTS, REDIRECTS, CHARS) = sys.argv[1], map(int, sys.argv[2:])


async def converse(session: aiohttp.ClientSession) -> None:
    """Hold one servant's conversation."""
    messages = [{"role": "system", "content": "You advise."}]
    for text in ("Task.", *[f"Go on {number}.".ljust(CHARS, ".") for number in range(REDIRECTS)]):
        messages.append({"role": "user", "content": text})
        body = {"model": "fugu", "messages": messages}
        async with session.post(f"{BASE_URL}/chat/completions", json=body, raise_for_status=True) as reply:
            messages.append((await reply.json())["choices"][0]["message"])


async def main() -> None:
    """Prove the API and hold every conversation at once."""
    headers = {"authorization": "Bearer sk-bench-0123456789"}
    async with aiohttp.ClientSession(headers=headers, connector=aiohttp.TCPConnector(limit=0)) as session:
        async with session.get(f"{BASE_URL}/models", raise_for_status=True):
            pass
        await asyncio.gather(*(converse(session) for _ in range(SERVANTS)))


asyncio.run(main())
