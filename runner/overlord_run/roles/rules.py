"""Name every rule on packs and their lock; the ids are stable."""

RULES = {
    # a lock, beside the rules of any file
    "duplicate-entry": "A lock has one entry for a pack as it is declared, and a file stands in it once.",
    "lock-path": "A file in a lock has a safe path inside its pack.",
    # what a playbook and its lock say of packs
    "file-not-locked": "A file of a pack that is used is in overlord.lock.",
    "lock-missing": "Beside a playbook that uses packs stands overlord.lock.",
    "lock-outdated": "overlord.lock has a pack as the playbook declares it.",
    "pack-not-locked": "A pack that is used is in overlord.lock.",
    "wrong-digest": "A file of a pack is what overlord.lock says.",
}
