"""The three streams of a command: some may be closed, and what is behind one may be full."""

import errno
import os
import sys

# What a write to a stream says that has nothing to do with what is written: the disk or the quota
# is full, the file too large, the terminal or the other end gone. See write(2).
FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF}


def replace_closed_streams() -> None:
    """Put something that takes everything, and gives nothing, in place of a closed stream.

    Python has None there. The next file or socket that is opened would get its number, and a
    program that is started would print into it.
    """
    for number, (name, mode) in enumerate((("stdin", "r"), ("stdout", "w"), ("stderr", "w"))):
        if getattr(sys, name) is None:
            opened = os.open(os.devnull, os.O_RDWR)
            if opened != number:
                os.dup2(opened, number)
                os.close(opened)
            os.set_inheritable(number, True)
            stream = os.fdopen(number, mode, encoding="utf-8")
            setattr(sys, name, stream)
            setattr(sys, f"__{name}__", stream)


def cannot_be_written(error: OSError) -> str:
    """One line about an error of the output; "" when this is an error of something else."""
    if error.errno not in FULL or error.filename is not None:
        return ""
    drop_output()
    return f"the output cannot be written: {error.strerror}"


def drop_output() -> None:
    """What could not be written is dropped: Python would try it once more when it ends."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)
