"""Trading with a server: `node/api/tests/python.rs` starts one and runs this. Without one it is skipped, and says so."""

import os
import unittest

import ashlar

URL = os.environ.get("ASHLAR_URL")
GATEWAY = os.environ.get("ASHLAR_GATEWAY")
RESTING, FILLED = 47, 48


def secret(number):
    """The key of a test account; the server that the test starts has the same."""
    return bytes([0x11]) * 28 + number.to_bytes(4, "big")


@unittest.skipUnless(URL and GATEWAY, "skipped: live: set ASHLAR_URL and ASHLAR_GATEWAY")
class Live(unittest.TestCase):
    def setUp(self):
        self.rest = ashlar.Rest(URL)
        self.traders = {number: ashlar.Trader.of(self.rest, number, 0, secret(number)) for number in (1, 2)}

    def test_two_accounts_trade_and_a_retry_is_answered_the_same(self):
        sell = self.traders[2].sign([ashlar.place(ashlar.order(0, "sell", 101, 5, client=7))])
        self.assertEqual("resting", self.rest.submit(*sell)["receipts"][0]["reason"])
        buy = self.traders[1].sign([ashlar.place(ashlar.order(0, "buy", 101, 5))])
        answer = self.rest.submit(*buy)
        self.assertEqual("filled", answer["receipts"][0]["reason"])
        self.assertEqual("trade", answer["receipts"][0]["events"][0]["type"])
        self.assertEqual(answer, self.rest.submit(*buy))

    def test_errors_have_a_code(self):
        message, _ = self.traders[1].sign([ashlar.cancel_all()])
        other = ashlar.sign(secret(2), ashlar.session_digest(self.traders[1].exchange, message))
        with self.assertRaises(ashlar.ApiError) as refused:
            self.rest.submit(message, other)
        self.assertEqual("bad_signature", refused.exception.code)
        with self.assertRaises(ashlar.ApiError) as refused:
            self.rest.get("/v1/markets/77")
        self.assertEqual("not_found", refused.exception.code)

    def test_words_and_bytes_have_one_digest(self):
        message, _ = self.traders[1].sign([ashlar.place(ashlar.order(1, "buy", 99, 2, post_only="reject"))])
        words = {
            "account": 1, "signer": {"type": "session", "slot": 0, "epoch": 1}, "nonce": str(self.traders[1].nonce),
            "commands": [{"type": "place", "order": {
                "market": 1, "side": "buy", "price": "99", "lots": "2", "post_only": "reject"}}],
        }
        said = self.rest.post("/v1/messages/digest", words)
        self.assertEqual("0x" + message.hex(), said["message"])
        self.assertEqual("0x" + ashlar.session_digest(self.traders[1].exchange, message).hex(), said["digest"])

    def test_the_gateway_answers_bulk_messages(self):
        host, port = GATEWAY.rsplit(":", 1)
        with ashlar.Gateway(host, int(port)) as gateway:
            gateway.ping()
            bids = [ashlar.place(ashlar.order(1, "buy", 80 + step, 1)) for step in range(8)]
            waiting = [gateway.send(*self.traders[2].sign(bids)) for _ in range(5)]
            for wanted in reversed(waiting):
                reasons = [line["reason"] for line in gateway.answer(wanted)["lines"]]
                self.assertEqual([RESTING] * 8, reasons)
            gateway.last_will(*self.traders[2].sign([ashlar.cancel_all()]))
            with self.assertRaises(ashlar.ApiError):
                gateway.submit(b"\0", bytes(64))


if __name__ == "__main__":
    unittest.main()
