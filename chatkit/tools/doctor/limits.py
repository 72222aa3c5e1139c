"""What the system lets one user have at once: threads, processes, open files, memory."""

from chatkit.system import machine
from chatkit.tools.doctor.finding import Finding


def limits() -> Finding:
    """Take what the largest check needs, and give it back."""
    lacks = [machine.lacks_files(), machine.lacks_threads(), machine.lacks_memory()]
    found = [lack for lack in lacks if lack]
    if not found:
        told = (
            f"{machine.THREADS} threads and {machine.FILES} open files at once, and memory is left"
        )
        return Finding("limits", "ok", told)
    told = "; ".join(lack.told for lack in found)
    return Finding("limits", "wrong", told, "; ".join(lack.cure for lack in found))
