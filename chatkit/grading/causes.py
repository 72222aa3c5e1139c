"""The likely cause of each symptom, in plain words.

A check may know better: its own `likely` comes first. These are the sentences for the rest.
"""

from chatkit.bench.failure import Failure
from chatkit.bench.symptoms import Symptom
from chatkit.course.checks import Check
from chatkit.course.lessons import Lesson
from chatkit.course.todo import named_in, unfinished

CAUSES = {
    Symptom.FILE_MISSING: "the file has another name or lies in another folder. Programs are "
    "called server.py and client.py.",
    Symptom.NOT_A_FILE: "a folder has the name of the program. Rename the folder.",
    Symptom.UNREADABLE: "you are not allowed to read the file. Look at its permissions.",
    Symptom.SYNTAX_ERROR: "a slip of the pen: a bracket, a colon or an indentation. Look at the "
    "line that Python names, and at the one before it.",
    Symptom.CRASHED: "the program met an error that it does not handle. Read the last line of the "
    "traceback first, then the line of your own file.",
    Symptom.ENCODING: "the editor saved the file in another encoding, and Python reads UTF-8. Save "
    "it as UTF-8.",
    Symptom.TOO_EARLY: "the ready line was printed before listen(). First listen(), then say so.",
    Symptom.BLANK_LINE: "a blank line was passed on. Leave out a line of which strip() leaves "
    "nothing.",
    Symptom.EXITED: "the program reached its end, or left with sys.exit(), while it was still "
    "needed. Is main() called, and does a loop go on until Ctrl-C?",
    Symptom.NEVER_LISTENED: "the program never calls bind() and listen(), or waits for something "
    "else before it does.",
    Symptom.WRONG_ADDRESS: "the port or the address is written into the program. Use what --host "
    "and --port say.",
    Symptom.REFUSED: "nobody accepts connections at that moment: the listening socket is closed, "
    "or accept() is not called again.",
    Symptom.NO_CONNECT: "the client waits for something else before it connects. Connect first, to "
    "what --host and --port say.",
    Symptom.CLOSED_EARLY: "the program closes the connection, or leaves the loop that reads from "
    "it, while the other end still needs it.",
    Symptom.RESET: "a socket was closed while bytes that nobody had read were still waiting in it, "
    "and that makes a reset. Read until the empty recv before you close.",
    Symptom.SILENT: "the program waits for something else. Look at the line where it stands: who "
    "could wake it up there?",
    Symptom.UNFINISHED_LINE: "the end of the line is missing. A line ends with b'\\n', and only "
    "there.",
    Symptom.EARLY_DATA: "half a line was passed on. TCP is a stream of bytes: one send can arrive "
    "as several pieces, and several sends as one. Keep each client's bytes until b'\\n'.",
    Symptom.BROKEN_CHARACTER: "a character was cut in two and each half decoded by itself. Cut the "
    "bytes at b'\\n' first, decode a whole line after.",
    Symptom.DIFFERENT_TEXT: "the bytes were changed on their way, or two lines were stuck "
    "together, or cut apart. Look at the first difference.",
    Symptom.DUPLICATE: "the same line is sent twice: a client is in the list twice, or one loop "
    "runs inside another.",
    Symptom.UNEXPECTED: "it was sent to somebody who should not get it.",
    Symptom.LOST: "lines were thrown away on their way. What cannot be sent at once must wait.",
    Symptom.WRONG_ORDER: "a later line overtook an earlier one. One queue for each receiver keeps "
    "the order.",
    Symptom.STUCK: "a send waits until the other end reads, and everybody waits with it. Sending "
    "to one slow client must not hold up the others.",
    Symptom.SPINNING: "a loop runs without waiting. After the other end has closed, recv() returns "
    "b'' at once, every time: that is the end, so leave the loop.",
    Symptom.NO_EXIT: "something still runs or waits. Which thread, which loop has not been told "
    "that it is over?",
    Symptom.DOES_NOT_STOP: "Ctrl-C raises KeyboardInterrupt in the main thread. It is caught in "
    "the wrong place (a bare except: catches it, too), or another thread keeps the program alive.",
    Symptom.OVER_THE_BOUNDS: "the program took more of the machine than any solution needs. Look "
    "for a loop without an end that starts something, keeps something or prints something.",
    Symptom.FROZEN: "something in the window's own thread takes long or waits. Let a thread do it, "
    "and come back with after().",
    Symptom.NOT_AS_SENT: "what is shown and what went out are not the same lines.",
    Symptom.NOT_SHOWN: "what arrived was not shown, or nowhere where one can see it.",
    Symptom.NOT_SAID: "the window does not tell its user. Show it where the chat is, or in a "
    "label.",
    Symptom.NO_WINDOW: "no window came up. Is mainloop() reached, and does anything wait before "
    "it?",
    Symptom.TRACEBACK: "an exception reached the top of the program. Catch the one that you "
    "expect, where you know what to do about it.",
    Symptom.WRONG_STATUS: "sys.exit(0) means all went well, sys.exit(1) means it did not.",
    Symptom.NO_MESSAGE: "the user does not learn what went wrong. Print one line to sys.stderr.",
    Symptom.NO_END: "the program does not close the connection when it is done with it.",
    Symptom.NO_OUTPUT: "nothing was printed.",
    Symptom.OTHER_OUTPUT: "something else was printed than what arrived.",
    Symptom.PRINTED_BYTES: "bytes were printed as Python writes them: b'…'. Decode the line first.",
    Symptom.NO_READY_LINE: "the line is missing, or was not flushed: print(…, flush=True) sends it "
    "out at once, also into a pipe.",
    Symptom.OTHER_READY_LINE: "the line is missing, or is worded differently. Compare it with the "
    "line that is expected, character by character.",
    Symptom.WRONG_READY_LINE: "a host or a port is written into the program, or the port was not "
    "asked for. Port 0 lets the system choose: getsockname() tells the real one.",
    Symptom.LEAKED: "threads or sockets of clients that have left are still there. Every client "
    "needs one place that ends its threads and closes its socket.",
}

# For "crashed" and "traceback", by the name of the exception that ended it.
EXCEPTIONS = {
    "KeyboardInterrupt": "Ctrl-C raises KeyboardInterrupt in the main thread, and nobody catches "
    "it. Catch it around all that the main thread does.",
    "EOFError": "input() raises EOFError at the end of input, and nobody catches it.",
    "ConnectionRefusedError": "connect() raises ConnectionRefusedError when no server is there, "
    "and nobody catches it. Catch OSError: it is the parent of all errors of the network.",
    "ModuleNotFoundError": "no module has this name. Look how the name after import is spelled.",
    "AttributeError": "what stands before the dot has nothing of this name. Look how the name is "
    "spelled.",
}


def likely(check: Check, lesson: Lesson, failure: Failure, source: str = "") -> str:
    """The most likely cause of `failure`, in one or two sentences; empty when nothing is known.

    `source` is the text of the program. It may have a TODO that is not written yet and that the
    program never reaches, so that no error tells of it.
    """
    if failure.symptom == Symptom.TODO:
        return _next_todo(lesson, failure)
    left = unfinished(source)
    for todo in lesson.todos:
        if todo.number in left and todo.program == check.program and check.id in todo.checks:
            told = f"TODO {todo.number} in {todo.program} is not written yet. Does your program"
            return f"{told} ever come there? {todo.hints[0]}"
    if own := check.likely.get(failure.symptom):
        return own
    if failure.symptom in (Symptom.CRASHED, Symptom.TRACEBACK):
        last = failure.received.rpartition("\n")[2]
        if known := EXCEPTIONS.get(last.partition(":")[0]):
            return known
    return CAUSES.get(failure.symptom, "")


def _next_todo(lesson: Lesson, failure: Failure) -> str:
    number = named_in(failure.message)
    for todo in lesson.todos:
        if todo.number == number:
            return f"TODO {todo.number} in {todo.program} comes next. {todo.hints[0]}"
    return "the program reached a part that is still to be written."
