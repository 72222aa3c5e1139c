"""Programs that want to do harm, and what each of them deserves."""

import textwrap
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[3]
PASSED = "passed"
SERVER = """
import argparse, ctypes, os, shutil, signal, socket, subprocess, sys, threading, time

parser = argparse.ArgumentParser()
parser.add_argument("--host")
parser.add_argument("--port", type=int)
args = parser.parse_args()
{first}
server = socket.socket()
server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
server.bind((args.host, args.port))
server.listen()
print(f"Server running on {{args.host}}:{{server.getsockname()[1]}}", flush=True)
while True:
    client, _ = server.accept()
{on_connect}
    try:
        while data := client.recv(65536):
            client.sendall(data)
    except OSError:
        pass
    client.close()
"""


@dataclass(frozen=True)
class Hostile:
    """A program, and what the check `echoes-a-line` must find: "passed" or a symptom."""

    finds: str
    first: str = ""  # before it serves
    on_connect: str = ""
    source: bytes = b""  # instead of all that

    def text(self, world: dict[str, str]) -> bytes:
        if self.source:
            return self.source
        first, on_connect = textwrap.dedent(self.first), textwrap.dedent(self.on_connect)
        for name, value in world.items():
            first = first.replace(f"${name}", value)
        code = SERVER.format(first=first, on_connect=textwrap.indent(on_connect, "    "))
        return code.encode()


CAUGHT = "os._exit(3)"  # it has found what nobody should find
HOSTILE = {
    # ------------------------------------------------------------------ takes all it can get
    "endless_loop": Hostile("spinning", "while True: pass"),
    "sleeps_for_ever": Hostile("never-listened", "threading.Event().wait()"),
    "stops_itself": Hostile("never-listened", "os.kill(os.getpid(), signal.SIGSTOP)"),
    "fork_storm": Hostile("over-the-bounds", "while True: os.fork()"),
    "process_storm": Hostile(
        "over-the-bounds",
        "while True: subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(1000)'])",
    ),
    "thread_storm": Hostile(
        PASSED,
        """
        for _ in range(400):
            threading.Thread(target=threading.Event().wait, daemon=True).start()
        """,
    ),
    "memory": Hostile(
        "over-the-bounds",
        """
        hoard = []
        while True:
            hoard.append(b"x" * 10_000_000)
        """,
    ),
    "output_flood": Hostile("over-the-bounds", "while True: print('flood ' * 2000)"),
    "error_flood": Hostile("over-the-bounds", "while True: sys.stderr.write('flood ' * 2000)"),
    "storm_of_threads": Hostile(
        PASSED,
        f"""
        try:
            for _ in range(3000):
                threading.Thread(target=threading.Event().wait, daemon=True).start()
            {CAUGHT}
        except RuntimeError:
            pass  # the system starts no more
        """,
    ),
    "huge_file": Hostile(
        PASSED,
        """
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        try:
            with open("big", "wb") as file:
                while True:
                    file.write(bytes(1_000_000))
        except OSError:
            pass
        """,
    ),
    "fills_tmp": Hostile(
        PASSED,
        """
        try:
            for number in range(100):
                with open(f"/tmp/{number}", "wb") as file:
                    file.write(bytes(10_000_000))
        except OSError:
            pass
        """,
    ),
    "fills_shared_memory": Hostile(
        PASSED,
        f"""
        try:
            for number in range(100):
                with open(f"/dev/shm/{{number}}", "wb") as file:
                    file.write(bytes(10_000_000))
            {CAUGHT}
        except OSError:
            pass
        """,
    ),
    "fills_its_folder": Hostile(
        PASSED,
        f"""
        try:
            for number in range(100):
                with open(str(number), "wb") as file:
                    file.write(bytes(10_000_000))
            {CAUGHT}
        except OSError:
            pass
        """,
    ),
    "fills_other_folders": Hostile(
        PASSED,
        f"""
        for folder in ("/", "/dev", "/usr", "/root", "/home", *sys.path[1:]):
            try:
                open(os.path.join(folder, "mine"), "w").close()
                {CAUGHT}
            except OSError:
                pass
        """,
    ),
    "thousands_of_files": Hostile(
        PASSED,
        """
        for number in range(3000):
            open(f"file{number}", "w").close()
        """,
    ),
    "countless_files": Hostile(
        PASSED,
        f"""
        try:
            for number in range(20_000):
                open(f"file{{number}}", "w").close()
            {CAUGHT}
        except OSError:
            pass
        """,
    ),
    "thousands_of_sockets": Hostile(
        PASSED,
        """
        hoard = []
        try:
            while True:
                hoard.append(socket.socket())
        except OSError:
            hoard.clear()
        """,
    ),
    "endless_line": Hostile(
        "different-text",
        on_connect="""
        try:
            while True:
                client.sendall(b"x" * 65536)
        except OSError:
            pass
        """,
    ),
    # --------------------------------------------------------------------- will not go away
    "ignores_signals": Hostile(
        PASSED,
        """
        for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
            signal.signal(name, signal.SIG_IGN)
        """,
    ),
    "daemon_holds_the_port": Hostile(
        "exited",
        """
        if os.fork():
            os._exit(0)
        os.setsid()
        if os.fork():
            os._exit(0)
        time.sleep(1)  # it serves when its elders are long gone, if anybody lets it
        """,
    ),
    "leaves_a_daemon_behind": Hostile(
        PASSED,
        """
        if not os.fork():
            os.setsid()
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            while True:
                time.sleep(1000)
        """,
    ),
    "becomes_another_program": Hostile(
        "never-listened", "os.execv('/bin/sh', ['sh', '-c', 'sleep 1000'])"
    ),
    "closes_its_own_streams": Hostile(PASSED, "os.close(0)"),
    # -------------------------------------------------------------------- attacks the grader
    "kills_its_parent": Hostile(
        PASSED,
        """
        try:
            os.kill(os.getppid(), signal.SIGKILL)
        except OSError:
            pass  # it belongs to somebody else, where root grades
        """,
    ),
    "kills_its_group": Hostile("exited", "os.killpg(0, signal.SIGKILL)"),
    "kills_everybody": Hostile(
        PASSED,
        """
        try:
            os.kill(-1, signal.SIGKILL)
        except OSError:
            pass  # nobody else is there
        """,
    ),
    "kills_the_grader_by_number": Hostile(
        PASSED,
        """
        try:
            os.kill($grader, signal.SIGKILL)
        except OSError:
            pass
        """,
    ),
    "stops_what_it_can": Hostile(
        PASSED,
        """
        for pid in range(3, 400):
            if pid != os.getpid():
                try:
                    os.kill(pid, signal.SIGSTOP)
                except OSError:
                    pass
        """,
    ),
    "forges_a_verdict_on_its_output": Hostile(
        "exited",
        """
        print('{"status": "passed", "score": 100, "max_score": 100}')
        print('<testsuite tests="1" failures="0"/>', file=sys.stderr, flush=True)
        os._exit(0)
        """,
    ),
    "forges_a_verdict_in_files": Hostile(
        "exited",
        """
        for name in ("results.json", "/tmp/results.json", "gradebook.sqlite", "../results.json"):
            try:
                with open(name, "w") as file:
                    file.write('{"score": 100}')
            except OSError:
                pass
        os._exit(0)
        """,
    ),
    "writes_to_every_open_file": Hostile(
        PASSED,
        """
        for number in range(3, 100):
            try:
                os.write(number, b'{"score": 100}')
            except OSError:
                pass
        """,
    ),
    # --------------------------------------------------------------------- looks and destroys
    "rewrites_its_own_file": Hostile(PASSED, "open(__file__, 'w').write('gone')"),
    "deletes_its_folder": Hostile(PASSED, "shutil.rmtree('.', ignore_errors=True)"),
    "deletes_what_is_outside": Hostile(
        PASSED,
        """
        shutil.rmtree("$canary", ignore_errors=True)
        for path in ("$canary", "$neighbour", "$root"):
            if os.path.exists(path):
                os._exit(3)
        """,
    ),
    "reads_the_tests": Hostile(PASSED, f"if os.path.exists('$root/tests'): {CAUGHT}"),
    "reads_the_reference": Hostile(
        PASSED,
        f"""
        for folder, _, files in os.walk("/usr"):
            if folder.endswith("reference/echo"):
                {CAUGHT}
        try:
            import chatkit
            {CAUGHT}
        except ImportError:
            pass
        """,
    ),
    "reads_the_neighbour": Hostile(PASSED, f"if os.path.exists('$neighbour'): {CAUGHT}"),
    "reads_the_environment": Hostile(
        PASSED,
        f"""
        texts = [repr(os.environ)]
        for name in os.listdir("/proc"):
            try:
                texts.append(open(f"/proc/{{name}}/environ").read())
            except OSError:
                pass
        if "$secret" in "".join(texts):
            {CAUGHT}
        """,
    ),
    "reads_other_processes": Hostile(
        PASSED, f"if len([n for n in os.listdir('/proc') if n.isdigit()]) > 4: {CAUGHT}"
    ),
    "follows_a_link": Hostile(PASSED, f"if os.path.exists('link'): {CAUGHT}"),
    "connects_out": Hostile(
        PASSED,
        f"""
        for address in (("127.0.0.1", $port), ("192.0.2.1", 80)):
            try:
                socket.create_connection(address, timeout=1)
                {CAUGHT}
            except OSError:
                pass
        """,
    ),
    "is_root_outside": Hostile(
        PASSED,
        f"""
        for line in open("/proc/self/uid_map"):
            inside, outside, count = map(int, line.split())
            mine = inside <= os.getuid() < inside + count
            if $as_root and mine and outside + os.getuid() - inside == 0:
                {CAUGHT}
        """,
    ),
    "mounts_and_becomes_root": Hostile(
        PASSED,
        f"""
        libc = ctypes.CDLL(None)
        if libc.mount(b"/", b"/tmp", None, 4096, None) == 0 and os.path.exists("/tmp/root"):
            {CAUGHT}
        """,
    ),
    # ------------------------------------------------------------------------ odd characters
    "terminal_escapes": Hostile("exited", r"print('\x1b[2J\x1b]0;owned\x07\x1b[31m'); os._exit(1)"),
    "html_and_formulas": Hostile(
        "exited", "print('<script>alert(1)</script>=HYPERLINK(0)'); os._exit(1)"
    ),
    "bytes_that_are_no_text": Hostile("exited", r"os.write(1, bytes(range(256))); os._exit(1)"),
    "source_in_latin_1": Hostile(
        PASSED,
        source=b"# -*- coding: latin-1 -*-\n# \xe4\xf6\xfc\n"
        + SERVER.format(first="", on_connect="").encode(),
    ),
    "source_in_utf_16": Hostile("encoding", source="print('hello')".encode("utf-16")),
    "source_with_null_bytes": Hostile("syntax-error", source=b"print('hello')\n\0\n"),
    "source_without_an_encoding": Hostile("encoding", source=b"print('\xe4')\n"),
}
