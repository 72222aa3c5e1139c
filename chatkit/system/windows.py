"""What the bench does differently on Windows: a console for each program, and Ctrl-C in it.

Sources: Microsoft's pages on Process Creation Flags, FreeConsole, AttachConsole,
SetConsoleCtrlHandler and GenerateConsoleCtrlEvent.
"""

import subprocess
import sys

WINDOWS = sys.platform == "win32"

# For `subprocess.Popen(creationflags=...)`: the program gets a console without a window. Ctrl-C in
# the student's console does not reach it then, and ours reaches nobody else. 0 on other systems.
OWN_CONSOLE = getattr(subprocess, "CREATE_NO_WINDOW", 0)

SECONDS = 20  # that the helper may take, on a slow machine

# Only a process that is attached to a console may press Ctrl-C there, and everybody who is attached
# hears it. So a helper does it, and first says that it will not listen itself.
PRESS = """
import ctypes, sys
kernel = ctypes.windll.kernel32
kernel.FreeConsole()
pressed = (
    kernel.AttachConsole(int(sys.argv[1]))
    and kernel.SetConsoleCtrlHandler(None, 1)
    and kernel.GenerateConsoleCtrlEvent(0, 0)
)
sys.exit(not pressed)
"""


def press_ctrl_c(pid: int) -> bool:
    """Press Ctrl-C in the console of process `pid`, which was started with `OWN_CONSOLE`.

    False when that was not possible: most likely the process has ended. Raises OSError when no
    helper can be started, and subprocess.TimeoutExpired when it takes longer than `SECONDS`.
    """
    helper = [sys.executable, "-I", "-S", "-c", PRESS, str(pid)]
    done = subprocess.run(
        helper, stdin=subprocess.DEVNULL, timeout=SECONDS, creationflags=OWN_CONSOLE
    )
    return done.returncode == 0
