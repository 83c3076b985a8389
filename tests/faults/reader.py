"""Read a registry as often as the second word says, and tell what was seen: a process of its own."""

import json
import sys
from pathlib import Path


def main() -> None:
    path, times = Path(sys.argv[1]), int(sys.argv[2])
    seen: set[int] = set()
    torn = 0
    for _ in range(times):
        try:
            seen.add(json.loads(path.read_bytes())["lastSeq"])
        except (OSError, ValueError):
            torn += 1
    sys.stdout.write(json.dumps({"read": times, "torn": torn, "different": len(seen)}))


if __name__ == "__main__":
    main()
