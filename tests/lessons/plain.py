"""Lines that are chat like any other: no word is a command, see "No commands" in the contract."""

COMMANDS = (
    *("quit", "exit", "bye", "q", "close", "stop", "end", "logout", "disconnect", "goodbye"),
    *("/quit", "/exit", "/q", "/list", "/who", "/help", "/nick bob", "/msg bob hello"),
    *("{quit}", ":q", "!quit", "!exit", "!DISCONNECT", "\\q", "QUIT", "Exit", "Bye", "END"),
    *("help", "list", "users", "who", "ping", "shutdown", "None", "0", "-1", ".", "@bob hello"),
)
