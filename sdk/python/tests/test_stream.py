"""The stream against a server in this process that says nothing for a while."""

import base64
import hashlib
import json
import socket
import threading
import unittest
from unittest import mock

import ashlar
from ashlar import stream

MASKED = 0x80


class Server:
    """Accepts one connection, begins a stream, and then does as it is told."""

    def __init__(self, does):
        self.listens = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listens.getsockname()[1]}"
        self.thread = threading.Thread(target=self._serve, args=(does,), daemon=True)
        self.thread.start()

    def _serve(self, does):
        with self.listens, self.listens.accept()[0] as client:
            head = b""
            while b"\r\n\r\n" not in head:
                head += client.recv(4096)
            lines = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:] if ": " in line)
            key = lines["sec-websocket-key"].encode() + stream._ACCEPT
            accept = base64.b64encode(hashlib.sha1(key).digest()).decode()
            client.sendall(f"HTTP/1.1 101 Switching Protocols\r\nsec-websocket-accept: {accept}\r\n\r\n".encode())
            does(client)


def frame(kind, payload):
    return bytes([0x80 | kind, len(payload)]) + payload


class Silence(unittest.TestCase):
    def test_a_ping_that_comes_after_the_timeout_keeps_the_stream(self):
        begun, heard = threading.Event(), []

        def does(client):
            # As long again as the node had to begin, and a bit more: a stream on which nothing happens.
            begun.wait(10)
            threading.Event().wait(1.5)
            client.sendall(frame(stream._PING, b"there"))
            heard.append(client.recv(64))
            client.sendall(frame(stream._TEXT, json.dumps({"type": "tip"}).encode()))

        server = Server(does)
        with ashlar.Stream(server.url, timeout=1) as quiet:
            begun.set()
            self.assertEqual("tip", quiet.hear()["type"])
        server.thread.join(10)
        kind, length = heard[0][:2]
        self.assertEqual((0x80 | stream._PONG, MASKED | len(b"there")), (kind, length), "the ping was answered")

    def test_three_periods_of_pings_may_pass_in_silence_and_no_more(self):
        self.assertEqual(60, stream._SILENCE_SECONDS)
        done = threading.Event()

        def does(client):
            # The beginning of a frame, and nothing after it.
            client.sendall(frame(stream._TEXT, b"{}")[:1])
            done.wait(10)

        server = Server(does)
        with mock.patch.object(stream, "_SILENCE_SECONDS", 0.2), ashlar.Stream(server.url) as silent:
            with self.assertRaisesRegex(ConnectionError, "said nothing for 0.2 seconds"):
                silent.hear()
            self.assertEqual(-1, silent.socket.fileno(), "nobody goes on in the middle of a frame")
        done.set()
        server.thread.join(10)


if __name__ == "__main__":
    unittest.main()
