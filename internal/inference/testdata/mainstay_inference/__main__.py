"""A program that behaves as its recognition model is called: steady, crash, hang, idle or broken."""

import http.server
import os
import socketserver
import sys
import threading
import time

options = dict(zip(sys.argv[2::2], sys.argv[3::2]))
path, behaviour = options["--socket"], options["--recognition"]
if behaviour == "broken":
    sys.exit("the library is not there")
# An empty file is all that the sandbox lets it write: it tells the second start from the first.
first = not os.path.exists(path + ".started")
open(path + ".started", "w").close()
hanging = threading.Event()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if hanging.is_set():
            time.sleep(1000)
        self.answer(b'{"version":"test","models":{"recognition":"r","activity":"a","segmentation":"s","embedding":"e"}}')

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        if behaviour == "crash" or behaviour == "crash once" and first:
            os._exit(3)
        if behaviour == "idle" and first:
            os._exit(0)
        if behaviour == "hang" and first:
            hanging.set()
            time.sleep(1000)
        self.answer(b'{"frame_ms":32,"probabilities":[0.5]}')

    def answer(self, body):
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True


def leave_with_parent():
    while os.read(0, 1):
        pass
    os._exit(0)


threading.Thread(target=leave_with_parent, daemon=True).start()
Server(path, Handler).serve_forever()
