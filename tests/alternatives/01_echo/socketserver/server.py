"""Echo with the standard library's socketserver: it accepts, starts threads and closes for us."""

import argparse
import socketserver


class EchoHandler(socketserver.StreamRequestHandler):
    def handle(self):
        try:
            for line in self.rfile:
                self.wfile.write(line)
        except ConnectionError:
            pass


class EchoServer(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--host", default="127.0.0.1")
    ap.add_argument("--port", type=int, default=5501)
    ns = ap.parse_args()
    with EchoServer((ns.host, ns.port), EchoHandler) as server:
        print(f"Server running on {ns.host}:{server.server_address[1]}", flush=True)
        server.serve_forever()


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        pass
