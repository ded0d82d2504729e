"""The stream: a WebSocket (RFC 6455) over a plain socket, and books that are kept by what it says."""

import base64
import collections
import hashlib
import json
import os
import socket
import ssl
import urllib.parse
import zlib

from .client import ApiError

_ACCEPT = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_CONTINUED, _TEXT, _BINARY, _CLOSE, _PING, _PONG = 0, 1, 2, 8, 9, 10
_HEAD_BYTES_MAX = 64 << 10
_MESSAGE_BYTES_MAX = 64 << 20
# A node says something at least this often, and a connection on which three such times pass in silence leads to nobody.
_PING_SECONDS = 20
_SILENCE_SECONDS = 3 * _PING_SECONDS
# Levels of each side that a book's checksum covers.
_CHECKSUM_LEVELS = 25


class OutOfStep(Exception):
    """A book does not show any more what the node does. Subscribe again: the snapshot that comes begins it anew."""


class Book:
    """The book of a market as its stream shows it: lots by price, and the number of the state that it is in."""

    def __init__(self):
        self.update, self.bids, self.asks = 0, {}, {}

    def take(self, said):
        """Takes what the stream says about its market. Other words change nothing."""
        if said["type"] == "book_snapshot":
            self.bids, self.asks = {}, {}
        elif said["type"] != "book_delta":
            return
        elif int(said["previous"]) != self.update:
            raise OutOfStep(f"a delta leads from state {said['previous']} and the book is at {self.update}; subscribe again")
        self.update = int(said["update"])
        for side, levels in ((self.bids, said["bids"]), (self.asks, said["asks"])):
            for price, lots in levels:
                if int(lots):
                    side[int(price)] = int(lots)
                else:
                    side.pop(int(price), None)
        got = self.checksum()
        if got != said["checksum"]:
            raise OutOfStep(f"the checksum is {got} and should be {said['checksum']}; subscribe again")

    def levels(self):
        """Bids and asks as pairs of price and lots, the best first."""
        return sorted(self.bids.items(), reverse=True), sorted(self.asks.items())

    def checksum(self):
        """CRC-32 over the best levels, bids and asks in turn."""
        bids, asks = (side[:_CHECKSUM_LEVELS] for side in self.levels())
        ranks = range(max(len(bids), len(asks)))
        turns = [level for rank in ranks for side in (bids, asks) for level in side[rank:rank + 1]]
        return zlib.crc32("".join(f"{price}:{lots};" for price, lots in turns).encode())


class Stream:
    """One connection. What is said to it has an id; what it says is heard one message at a time.

    `timeout` is how many seconds a node may take to begin. Afterwards it may have nothing to say for as long as it likes: it pings every 20 seconds, and
    only where three pings in a row are missing the connection ends."""

    def __init__(self, url, timeout=20):
        parts = urllib.parse.urlsplit(url)
        secure = parts.scheme in ("https", "wss")
        port = parts.port or (443 if secure else 80)
        self.socket = socket.create_connection((parts.hostname, port), timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if secure:
            self.socket = ssl.create_default_context().wrap_socket(self.socket, server_hostname=parts.hostname)
        self.next_id, self.buffer, self.waiting = 0, bytearray(), collections.deque()
        self._begin(f"{parts.hostname}:{port}")
        self.socket.settimeout(_SILENCE_SECONDS)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        """Ends it; a last will is carried out then."""
        self.socket.close()

    def say(self, op, **words):
        """Says something, and gives the id that its answer will have."""
        self.next_id += 1
        self._send(_TEXT, json.dumps({"op": op, "id": str(self.next_id), **words}).encode())
        return str(self.next_id)

    def subscribe(self, **channel):
        """Listens to a channel, such as `type="book", market=0`, and waits until that is so."""
        return self.answer(self.say("subscribe", channel=channel))

    def unsubscribe(self, **channel):
        """Listens no more. What was said before is still heard."""
        return self.answer(self.say("unsubscribe", channel=channel))

    def submit(self, message, signature):
        """Hands a message in and waits for its answer."""
        return self.answer(self.say("submit", message="0x" + message.hex(), signature="0x" + signature.hex()))["answer"]

    def last_will(self, message=None, signature=b""):
        """Leaves a message that the node hands in when this connection ends; without one it is taken back."""
        words = {} if message is None else {"message": "0x" + message.hex(), "signature": "0x" + signature.hex()}
        return self.answer(self.say("last_will", **words))

    def ping(self):
        """Waits until the node says that it is there."""
        return self.answer(self.say("ping"))

    def answer(self, wanted):
        """Waits for what answers this id. What is said meanwhile is heard afterwards."""
        heard = collections.deque()
        while True:
            said = self.hear()
            if said.get("id") == wanted and said["type"] in ("answer", "done", "error", "pong"):
                self.waiting.extendleft(reversed(heard))
                if said["type"] == "error":
                    self._refuse(said["error"])
                return said
            heard.append(said)

    def hear(self):
        """What is said next. An error that answers nothing ends the connection, and is raised."""
        said = self.waiting.popleft() if self.waiting else json.loads(self._message())
        if said["type"] == "error" and said.get("id") is None:
            self._refuse(said["error"])
        return said

    @staticmethod
    def _refuse(error):
        raise ApiError(error["code"], error["message"], error.get("reason"), error.get("retry_ms"))

    def _begin(self, host):
        key = base64.b64encode(os.urandom(16))
        self.socket.sendall(
            f"GET /v1/stream HTTP/1.1\r\nhost: {host}\r\nconnection: upgrade\r\nupgrade: websocket\r\n"
            f"sec-websocket-version: 13\r\nsec-websocket-key: {key.decode()}\r\n\r\n".encode())
        while b"\r\n\r\n" not in self.buffer:
            if len(self.buffer) > _HEAD_BYTES_MAX:
                raise ConnectionError("an answer without an end; is this a node?")
            self._more()
        head, _, rest = bytes(self.buffer).partition(b"\r\n\r\n")
        self.buffer = bytearray(rest)
        status, *headers = head.decode("latin-1").split("\r\n")
        names = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in headers)}
        accepted = base64.b64encode(hashlib.sha1(key + _ACCEPT).digest()).decode()
        if " 101 " not in status + " " or names.get("sec-websocket-accept") != accepted:
            raise ConnectionError(f"the node does not begin a stream: {status}")

    def _message(self):
        parts = b""
        while True:
            is_last, kind, payload = self._frame()
            if kind == _PING:
                self._send(_PONG, payload)
            elif kind == _CLOSE:
                raise ConnectionError(f"the node closed the stream: {payload[2:].decode(errors='replace') or 'no word'}")
            elif kind in (_CONTINUED, _TEXT, _BINARY):
                parts += payload
                if len(parts) > _MESSAGE_BYTES_MAX:
                    raise ConnectionError("a message without an end; is this a node?")
                if is_last:
                    return parts

    def _frame(self):
        first, second = self._take(2)
        length = second & 0x7F
        if length >= 126:
            length = int.from_bytes(self._take(2 if length == 126 else 8), "big")
        if second & 0x80 or length > _MESSAGE_BYTES_MAX:
            raise ConnectionError(f"a frame of {length} bytes that no node sends")
        return bool(first & 0x80), first & 0x0F, self._take(length)

    def _send(self, kind, payload):
        size = len(payload)
        if size < 126:
            length = bytes([0x80 | size])
        elif size < 1 << 16:
            length = bytes([0x80 | 126]) + size.to_bytes(2, "big")
        else:
            length = bytes([0x80 | 127]) + size.to_bytes(8, "big")
        mask = os.urandom(4)
        over = (mask * (size // 4 + 1))[:size]
        masked = (int.from_bytes(payload, "big") ^ int.from_bytes(over, "big")).to_bytes(size, "big")
        try:
            self.socket.sendall(bytes([0x80 | kind]) + length + mask + masked)
        except socket.timeout:
            self._give_up("took nothing")

    def _take(self, count):
        while len(self.buffer) < count:
            self._more()
        taken = bytes(self.buffer[:count])
        del self.buffer[:count]
        return taken

    def _more(self):
        try:
            part = self.socket.recv(1 << 16)
        except socket.timeout:
            self._give_up("said nothing")
        if not part:
            raise ConnectionError("the stream ended; a message may have been executed: send it again")
        self.buffer += part

    def _give_up(self, what):
        """Part of a frame may have gone over, so nobody can go on from here."""
        seconds = self.socket.gettimeout()
        self.close()
        raise ConnectionError(
            f"the node {what} for {seconds:g} seconds; a message may have been executed: connect again and send it again"
        ) from None
