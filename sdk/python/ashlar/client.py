"""REST and the binary gateway."""

import json
import socket
import urllib.error
import urllib.request

from . import encode
from .sign import session_digest, sign

_HEADER_BYTES = 16
_SUBMIT, _PING, _LAST_WILL = 1, 2, 3
_ANSWERED, _REFUSED = 129, 130
_ANSWER_BYTES_MAX = 64 << 20


class ApiError(Exception):
    """The node refuses. `code` is a word over REST and a number over the gateway."""

    def __init__(self, code, message, reason=None, retry_ms=None):
        super().__init__(message)
        self.code, self.reason, self.retry_ms = code, reason, retry_ms


class Rest:
    """REST. Numbers in answers are strings where they count something; see docs/api.md."""

    def __init__(self, url, timeout=20):
        self.url, self.timeout = url.rstrip("/"), timeout

    def get(self, path):
        """Asks."""
        return self._ask(urllib.request.Request(self.url + path))

    def post(self, path, body):
        """Sends."""
        headers = {"content-type": "application/json"}
        return self._ask(urllib.request.Request(self.url + path, json.dumps(body).encode(), headers))

    def submit(self, message, signature):
        """Hands a message in. Should the answer be lost, handing in the same one again gives it."""
        return self.post("/v1/messages", {"message": "0x" + message.hex(), "signature": "0x" + signature.hex()})

    def _ask(self, request):
        try:
            with urllib.request.urlopen(request, timeout=self.timeout) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as refused:
            with refused:
                error = json.load(refused)["error"]
            raise ApiError(error["code"], error["message"], error.get("reason"), error.get("retry_ms")) from None


class Trader:
    """A session key that signs messages and counts their nonces."""

    def __init__(self, exchange, account, slot, epoch, secret, nonce=0):
        self.exchange, self.account, self.slot, self.epoch = exchange, account, slot, epoch
        self.secret, self.nonce = secret, nonce

    @classmethod
    def of(cls, rest, account, slot, secret):
        """The key as the node knows it: its epoch and its highest nonce."""
        exchange = bytes.fromhex(rest.get("/v1/venue")["exchange"][2:])
        held = next((key for key in rest.get(f"/v1/accounts/{account}/keys") if key["slot"] == slot), None)
        if held is None:
            raise ValueError(f"account {account} holds no key in slot {slot}; its owner has to register one")
        return cls(exchange, account, slot, held["epoch"], secret, int(held["nonce"]))

    def sign(self, commands, not_after=encode.NEVER):
        """Canonical bytes and signature of these commands under the next nonce."""
        self.nonce += 1
        head = encode.header(self.account, self.nonce, slot=self.slot, epoch=self.epoch, not_after=not_after)
        message = encode.message(head, commands)
        return message, sign(self.secret, session_digest(self.exchange, message))


class Gateway:
    """The binary gateway: one TCP connection, answers in whatever order they come."""

    def __init__(self, host, port, timeout=20):
        self.socket = socket.create_connection((host, port), timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.next_id, self.arrived = 0, {}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, message, signature):
        """Sends a message and gives the id to wait for."""
        return self._send(_SUBMIT, bytes([len(signature)]) + signature + message)

    def answer(self, wanted):
        """Waits for an answer: epoch, first sequence, link, and lines of events and receipts."""
        reader = encode.Reader(self._wait(wanted))
        read = {"epoch": reader.number(8), "first": reader.number(8), "hash": "0x" + reader.take(32).hex(), "lines": []}
        for _ in range(reader.number(4)):
            read["lines"].append(reader.receipt() if reader.number(1) else reader.event())
        return read

    def submit(self, message, signature):
        """Sends a message and waits for its answer."""
        return self.answer(self.send(message, signature))

    def last_will(self, message=b"", signature=b""):
        """Leaves a message that the node hands in when this connection ends; without one it is taken back."""
        payload = bytes([len(signature)]) + signature + message if message else b""
        self._wait(self._send(_LAST_WILL, payload))

    def ping(self):
        """Waits until the node says that it is there."""
        self._wait(self._send(_PING, b""))

    def _send(self, kind, payload):
        self.next_id += 1
        header = len(payload).to_bytes(4, "little") + bytes([kind, 1, 0, 0]) + self.next_id.to_bytes(8, "little")
        self.socket.sendall(header + payload)
        return self.next_id

    def _wait(self, wanted):
        while wanted not in self.arrived:
            header = self._read(_HEADER_BYTES)
            length = int.from_bytes(header[:4], "little")
            if length > _ANSWER_BYTES_MAX:
                raise ConnectionError(f"an answer of {length} bytes; is this the gateway of a node?")
            self.arrived[int.from_bytes(header[8:], "little")] = header[4], self._read(length)
        kind, payload = self.arrived.pop(wanted)
        if kind == _REFUSED:
            retry_ms = int.from_bytes(payload[2:6], "little")
            raise ApiError(int.from_bytes(payload[:2], "little"), payload[6:].decode(), retry_ms=retry_ms or None)
        return payload

    def _read(self, count):
        data = bytearray()
        while len(data) < count:
            part = self.socket.recv(count - len(data))
            if not part:
                raise ConnectionError("the gateway closed the connection; a message may have been executed: send it again")
            data += part
        return bytes(data)
