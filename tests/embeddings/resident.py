"""What of a mapped file this process holds in memory."""

from pathlib import Path


def resident(path: Path) -> int:
    """Bytes, of all its mappings."""
    found, inside = 0, False
    for line in Path("/proc/self/smaps").read_text(encoding="utf-8").splitlines():
        head, _, rest = line.partition(" ")
        if not head.endswith(":"):
            inside = rest.endswith(f" {path.resolve()}")
        elif inside and head == "Rss:":
            found += 1024 * int(rest.split()[0])
    return found
