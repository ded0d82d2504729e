"""Trading with a server: `node/api/tests/python.rs` starts one and runs this. Without one it is skipped, and says so."""

import os
import time
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

    def book(self, market):
        """The book as REST shows it."""
        book = self.rest.get(f"/v1/markets/{market}/book?levels=500")
        sides = ([tuple(map(int, level)) for level in book[side]] for side in ("bids", "asks"))
        return int(book["update"]), tuple(sides)

    def follow(self, stream, book, market):
        """Takes what is heard until the book is where REST is."""
        time.sleep(0.1)
        update, levels = self.book(market)
        while book.update < update:
            book.take(stream.hear())
        self.assertEqual(levels, book.levels())

    def bid(self, price, lots):
        order = ashlar.order(1, "buy", price, lots)
        self.assertEqual("resting", self.rest.submit(*self.traders[1].sign([ashlar.place(order)]))["receipts"][0]["reason"])

    def next_delta(self, stream):
        while True:
            said = stream.hear()
            if said["type"] == "book_delta":
                return said

    def test_a_book_follows_its_deltas_and_a_gap_is_noticed_and_healed(self):
        with ashlar.Stream(URL) as stream:
            book = ashlar.Book()
            stream.subscribe(type="book", market=1)
            for step in range(6):
                self.bid(60 + step, 1 + step)
            asks = [ashlar.place(ashlar.order(1, "sell", 110 + step, 2)) for step in range(4)]
            self.rest.submit(*self.traders[2].sign(asks))
            self.follow(stream, book, 1)

            # One is lost, and the next one does not fit.
            self.bid(70, 1)
            lost, at = self.next_delta(stream), book.update
            self.bid(71, 1)
            after = self.next_delta(stream)
            with self.assertRaisesRegex(ashlar.OutOfStep, "subscribe again"):
                book.take(after)
            self.assertEqual(at, book.update)
            # One is altered.
            lost["bids"][0][1] = "2"
            with self.assertRaisesRegex(ashlar.OutOfStep, "checksum"):
                book.take(lost)

            stream.unsubscribe(type="book", market=1)
            self.bid(72, 1)
            stream.subscribe(type="book", market=1)
            self.bid(73, 1)
            book = ashlar.Book()
            self.follow(stream, book, 1)
            self.assertEqual((73, 1), book.levels()[0][0])

    def test_a_last_will_is_carried_out_when_the_connection_ends(self):
        with ashlar.Stream(URL) as stream:
            with self.assertRaises(ashlar.ApiError) as refused:
                stream.last_will(*self.traders[1].sign([ashlar.place(ashlar.order(1, "buy", 60, 1))]))
            self.assertEqual("bad_request", refused.exception.code)
            self.bid(61, 1)
            stream.last_will(*self.traders[1].sign([ashlar.cancel_all()]))
            time.sleep(0.1)
            self.assertTrue(self.rest.get("/v1/accounts/1/orders"))
        began = time.monotonic()
        while self.rest.get("/v1/accounts/1/orders"):
            self.assertLess(time.monotonic() - began, 10, "the will was not carried out")
            time.sleep(0.02)

    def test_a_nonce_is_used_once(self):
        trader = self.traders[1]
        self.rest.submit(*trader.sign([ashlar.cancel_all()]))
        trader.nonce -= 1
        with self.assertRaises(ashlar.ApiError) as refused:
            self.rest.submit(*trader.sign([ashlar.cancel_all(market=1)]))
        self.assertEqual(("inadmissible", "nonce_used"), (refused.exception.code, refused.exception.reason))

    def test_a_stream_takes_orders_and_tells_what_came_of_them(self):
        with ashlar.Stream(URL) as stream:
            stream.ping()
            stream.subscribe(type="account", account=2)
            stream.subscribe(type="trades", market=1)
            sell = self.traders[2].sign([ashlar.place(ashlar.order(1, "sell", 105, 3))])
            answer = stream.submit(*sell)
            self.assertEqual("resting", answer["receipts"][0]["reason"])
            self.assertEqual(answer, self.rest.submit(*sell), "the same message by another way is answered the same")
            self.rest.submit(*self.traders[1].sign([ashlar.place(ashlar.order(1, "buy", 105, 3))]))
            fills, trades = [], []
            while not (fills and trades):
                said = stream.hear()
                if said["type"] == "account":
                    fills += [line for line in said["lines"] if line["type"] == "fill"]
                elif said["type"] == "trades":
                    trades += said["trades"]
            self.assertEqual((True, "3", "105"), (fills[0]["maker"], fills[0]["lots"], fills[0]["price"]))
            self.assertEqual(("3", "105"), (trades[0]["lots"], trades[0]["price"]))
            with self.assertRaises(ashlar.ApiError) as refused:
                stream.subscribe(type="book", market=77)
            self.assertEqual("not_found", refused.exception.code)
            stream.ping()

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
