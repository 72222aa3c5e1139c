"""The bench: what a check can do with a program, as a small language.

Start a server and connect peers to it, or listen and let a client come; then say what is sent,
what must be heard, printed, and left behind. `setup/` starts and connects, `eventloop.py` waits,
and `peer.py` moves the bytes.
"""

import re

from chatkit.bench import diagnosis
from chatkit.bench.failure import Failure, NotMet
from chatkit.bench.idle import PROMISE
from chatkit.bench.setup.connecting import Connecting
from chatkit.bench.setup.starting import Starting
from chatkit.bench.symptoms import Symptom
from chatkit.system import linux
from chatkit.system.program import Program

READY = re.compile(r"Server running on (?P<host>\S+):(?P<port>\d+)\s*$")
BYTES = re.compile(r"(?<!\w)b(['\"]).*\1")  # as print() writes bytes


class Bench(Starting, Connecting):
    """One check's scripts. An event loop: close it, or use it with `with`."""

    # ----------------------------------------------------------- what the program must do

    def prints(self, text: str, *, promise: float = PROMISE) -> None:
        """The program prints a line that ends with `text`, after those asked for before.

        `promise` is the time that the contract gives, in seconds; the bench allows ten times as
        long. Raises Failure.
        """
        program = self.program
        stream = program.output

        def found() -> int | None:
            for at, line in enumerate(stream.lines[program.heard :], program.heard):
                if line.rstrip().endswith(text.rstrip()):
                    return at
            return None

        stop = self.wait(lambda: found() is not None, promise=promise, what=f"the line {text!r}")
        at = found()
        if at is not None:
            program.heard = at + 1
            return
        new = [line for line in stream.text.split("\n")[program.heard :] if line]
        wanted = f"{program.name} to print {text!r}"
        printed = "\n".join(new[-5:]).encode()
        silence = Symptom.OTHER_OUTPUT if new else Symptom.NO_OUTPUT
        if any(map(BYTES.search, new)):
            silence = Symptom.PRINTED_BYTES
        raise self.explained(NotMet(stop, wanted, printed, silence=silence))

    def exits(
        self, status: int | None = 0, *, promise: float = 2.0, silence: Symptom = Symptom.NO_EXIT
    ) -> int:
        """The program ends, without a traceback of its own; returns its exit status.

        `status` None means any status but 0. `promise` is in seconds, as with `prints`. `silence`
        is the symptom of a program that goes on. Raises Failure.
        """
        program = self.program

        def ended() -> bool:
            for peer in self.peers:
                peer.parts()  # as a real server does: it ends its side when the client has
            return program.status is not None

        stop = self.wait(ended, promise=promise)
        got = program.status
        wanted = f"{program.name} to end with status {'not 0' if status is None else status}"
        if got is None:
            raise self.explained(NotMet(stop, wanted, silence=silence))
        self.settle(quietly=True)
        new_errors = program.errors.text[program.errors_before :]
        if trace := diagnosis.last_traceback(new_errors, program.path):
            found = diagnosis.crash(program)
            if found and found.symptom in (Symptom.TODO, Symptom.SYNTAX_ERROR, Symptom.ENCODING):
                raise found
            told = f"{program.name} ended with a traceback: {trace.error}"
            raise Failure(Symptom.TRACEBACK, told, wanted + ", without a traceback", trace.error)
        if (got == 0) if status is None else (got != status):
            how = f"status {got}" if got >= 0 else f"signal {-got}"
            said = diagnosis.last_words(program)
            raise Failure(
                Symptom.WRONG_STATUS, f"{program.name} ended with {how}", wanted, said or how
            )
        return got

    def reads_the_ready_line(self) -> tuple[str, int]:
        """Wait for `Server running on HOST:PORT` and return the two. Raises Failure."""
        program = self.program

        def found() -> tuple[str, int] | None:
            for line in program.output.lines:
                if ready := READY.search(line):
                    return ready["host"], int(ready["port"])
            return None

        stop = self.wait(found, promise=2.0, what="the ready line")
        if ready := found():
            self.address = ready
            return ready
        host, port = self.address
        wanted = f"{program.name} to print 'Server running on {host}:{port or 'its port'}'"
        printed = program.output.text.strip().encode()
        silence = Symptom.OTHER_READY_LINE if printed else Symptom.NO_READY_LINE
        if linux.LINUX and not self.listeners(program):
            silence = Symptom.NEVER_LISTENED
        raise self.explained(NotMet(stop, wanted, printed, silence=silence))

    def must_run(self) -> None:
        """Wait until all its threads wait; raise Failure when it has ended by itself."""
        self.wait(lambda: self.program.status is not None, until_asleep=True)
        if self.program.status is not None:
            raise self.explained(NotMet("rest", f"{self.program.name} to go on"))

    def must_listen_on(self, program: Program, host: str, port: int) -> None:
        """Raise Failure unless `program` listens exactly there (Linux; elsewhere believe it)."""
        # A dual-stack socket has an IPv4 address in this form: ipv6(7), RFC 4291, 2.5.5.2.
        there = {
            f"{one.host.removeprefix('::ffff:')}:{one.port}" for one in self.listeners(program)
        }
        if linux.LINUX and there != {f"{host}:{port}"}:
            told = f"{program.name} listens on another address than it was told"
            wanted = f"{program.name} to listen on {host}:{port}, and nowhere else"
            raise Failure(Symptom.WRONG_ADDRESS, told, wanted, ", ".join(sorted(there)))

    def costs_no_cpu(self, situation: str, seconds: float = 1.0) -> None:
        """The program hardly runs while nothing happens: under a quarter of a core.

        `situation` is for the report: "an idle room". A program at rest is believed at once,
        another one is watched for so many `seconds`. Raises Failure.
        """
        wants = self.cpu_appetite(seconds)
        if wants >= 0.25:
            told = f"{self.program.name} is busy while nothing happens ({situation})"
            wanted = "under a quarter of a core"
            raise Failure(Symptom.SPINNING, told, wanted, f"{wants:.0%} of a core")
