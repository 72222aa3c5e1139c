"""What every server must do, whatever it serves: start, stop, start again, and rest."""

from chatkit.bench import Bench, Failure, Symptom


def prints_the_ready_line(bench: Bench) -> None:
    """With a host and a port of ours, and with a port of the system's choice."""
    another = bench.another_host()
    for host, port in ((another, bench.free_port(another)), ("127.0.0.1", 0)):
        server = bench.start_server_quietly(host, port)
        said_host, said_port = bench.reads_the_ready_line()
        listening = bench.listeners(server)
        with bench.during("start"):
            bench.must_run()  # one that ends here tells its own story
        real_port = port or (listening[0].port if listening else said_port)
        wanted = f"Server running on {host}:{real_port}"
        got = f"Server running on {said_host}:{said_port}"
        if got != wanted:
            raise Failure(Symptom.WRONG_READY_LINE, "the ready line is not right", wanted, got)
        if bench.sees_sockets and not listening:
            told = "the ready line came before anybody could connect"
            raise Failure(Symptom.TOO_EARLY, told, "a server that listens when it says so", got)
        bench.must_listen_on(server, host, real_port)


def starts_again_at_once(bench: Bench, join) -> None:
    """On the same port, although it was stopped with a client connected. `join` makes one."""
    server = bench.start_server()
    with bench.during("connect"):
        join("alice")
        bench.must_run()
    server.kill()
    bench.start_server(port=bench.address[1])


def stops_on_ctrl_c(bench: Bench, join) -> None:
    """Without a client, and with one."""
    for names in ((), ("alice",)):
        server = bench.start_server()
        with bench.during("connect"):
            for name in names:
                join(name)
            bench.must_run()
        server.interrupt()
        bench.exits(0, silence=Symptom.DOES_NOT_STOP)
