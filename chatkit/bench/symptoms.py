"""Symptoms: what can be seen of a program that does not do what it should, each with a sentence.

A symptom is the same from run to run for the same mistake. Its value stands in verdicts, in
`tests/mistakes/*/expected.toml` and on the site; code names the member, so a typo is an error as
soon as the module is imported.
"""

from enum import StrEnum


class Symptom(StrEnum):
    """A short code for what was seen; `sentence` says it in words."""

    sentence: str

    def __new__(cls, code: str, sentence: str) -> "Symptom":
        member = str.__new__(cls, code)
        member._value_ = code
        member.sentence = sentence
        return member

    # The file, and Python's first look at it.
    FILE_MISSING = "file-missing", "there is no file of that name"
    NOT_A_FILE = "not-a-file", "a folder has the name of the program"
    UNREADABLE = "unreadable", "the file cannot be read"
    ENCODING = "encoding", "the file is not saved as UTF-8"
    SYNTAX_ERROR = "syntax-error", "Python cannot read the program"
    TODO = "todo", "the program came to a TODO that is not written yet"

    # How it runs and ends.
    CRASHED = "crashed", "an exception that nobody caught"
    TRACEBACK = "traceback", "the program ended with a traceback"
    EXITED = "exited", "the program ended before it should"
    OVER_THE_BOUNDS = "over-the-bounds", "the program took too much of the machine and was ended"
    OUT_OF_TIME = "out-of-time", "the checks before had used up the time of the lesson"
    WRONG_STATUS = "wrong-status", "the program ended with another exit status"
    NO_EXIT = "no-exit", "the program did not end"
    DOES_NOT_STOP = "does-not-stop", "the program goes on after Ctrl-C"
    SILENT = "silent", "the program waits and does nothing"
    SPINNING = "spinning", "the program is busy all the time and makes no progress"
    STUCK = "stuck", "the program waits in a send until somebody reads"
    LEAKED = "leaked", "clients that have left leave threads, files or memory behind"
    HOARDED = "hoarded", "what was said is kept although everybody has got it"

    # Where it listens and connects.
    NEVER_LISTENED = "never-listened", "the server does not listen"
    WRONG_ADDRESS = "wrong-address", "the server listens on another address"
    NO_READY_LINE = "no-ready-line", "the ready line did not come"
    OTHER_READY_LINE = "other-ready-line", "something else was printed in place of the ready line"
    WRONG_READY_LINE = "wrong-ready-line", "the ready line names another address"
    TOO_EARLY = "too-early", "the ready line came before the server listened"
    REFUSED = "refused", "nobody could connect"
    NO_CONNECT = "no-connect", "the client did not connect"
    CONNECTS_FIRST = "connects-first", "the client connected before it should"
    CLOSED_EARLY = "closed-early", "the connection was closed too early"
    RESET = "reset", "the connection was reset"
    NO_END = "no-end", "the connection was not closed"

    # What comes over the wire.
    UNFINISHED_LINE = "unfinished-line", "a line came without its end"
    EARLY_DATA = "early-data", "bytes came before their time"
    BLANK_LINE = "blank-line", "a blank line came"
    BROKEN_CHARACTER = "broken-character", "a character came broken"
    DIFFERENT_TEXT = "different-text", "something else came"
    DUPLICATE = "duplicate", "the same line came twice"
    UNEXPECTED = "unexpected", "something came that should not come"
    LOST = "lost", "lines did not come"
    WRONG_ORDER = "wrong-order", "lines came in another order"
    ACCEPTED = "accepted", "a name was accepted that should not be"

    # What it prints.
    NO_OUTPUT = "no-output", "nothing was printed"
    OTHER_OUTPUT = "other-output", "something else was printed"
    PRINTED_BYTES = "printed-bytes", "bytes were printed as Python writes them"
    UNFLUSHED = "unflushed", "what was printed waits in a buffer"
    NO_MESSAGE = "no-message", "the program does not say why it ends"

    # What its window does.
    NO_WINDOW = "no-window", "no window appeared"
    NO_TITLE = "no-title", "the title of the window lacks what should be in it"
    NO_DIALOG = "no-dialog", "no dialog asked for the name"
    FROZEN = "frozen", "the window did not react"
    NOT_SHOWN = "not-shown", "what arrived was not shown"
    NOT_SAID = "not-said", "the window did not tell its user"
    NOT_SENT = "not-sent", "what was typed did not reach the server"
    NOT_AS_SENT = "not-as-sent", "what is shown is not what was sent"
    NOT_CLEARED = "not-cleared", "the box was not emptied after sending"
    NOT_AT_THE_END = "not-at-the-end", "the last line is below what you can see"
    TYPED_INTO = "typed-into", "you can type into the chat"
    TWO_ROOTS = "two-roots", "the program made more than one Tk()"
    WRONG_THREAD = "wrong-thread", "Tk was called from another thread"
