"""CPU time and memory of a server with all its threads and children, from /proc."""

import os


def _pids(root):
    parents = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat", encoding="utf-8") as stat:
                    parents[int(name)] = int(stat.read().rsplit(")", 1)[1].split()[1])
            except OSError:
                continue  # It has ended.
    tree = [root]
    for pid in tree:
        tree += [child for child, parent in parents.items() if parent == pid]
    return tree


class ProcessTree:
    """The processes are those at the time of the call. Threads may start later; the time of ended threads is lost."""

    def __init__(self, root):
        self.pids = _pids(root)

    def cpu_ns(self):
        """User and system time so far in nanoseconds, from the scheduler's accounting (not in ticks)."""
        total = 0
        for pid in self.pids:
            for task in os.listdir(f"/proc/{pid}/task"):
                with open(f"/proc/{pid}/task/{task}/schedstat", encoding="utf-8") as stat:
                    total += int(stat.read().split()[0])
        return total

    def resident_bytes(self):
        total = 0
        for pid in self.pids:
            with open(f"/proc/{pid}/statm", encoding="utf-8") as statm:
                total += int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
        return total
