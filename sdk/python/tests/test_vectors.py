"""The encoding, digests and signatures against the frozen vectors that every implementation must reproduce."""

import pathlib
import unittest

import ashlar
from ashlar import encode

VECTORS = pathlib.Path(__file__).resolve().parents[3] / "vectors" / "types"


def table(name):
    lines = (VECTORS / name).read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))


def numbered(rows):
    """Rows of `0.field=value` by their number."""
    cases = {}
    for key, value in rows.items():
        number, _, field = key.partition(".")
        if number.isdigit():
            cases.setdefault(int(number), {})[field] = value
    return cases


class Vectors(unittest.TestCase):
    def test_commands_have_the_frozen_bytes(self):
        rows = table("encoding.txt")
        price, client = 0x010203040506, 0x1112131415161718
        plain = ashlar.order(0x0102, "sell", price, 1000, client=client)
        self.assertEqual(rows["command.place"], ashlar.place(plain).hex())
        first = ashlar.order_id(0x0102, "buy", 100, 5)
        self.assertEqual(rows["command.cancel"], ashlar.cancel(first).hex())
        self.assertEqual(rows["command.cancel-place"], ashlar.cancel_place(first, plain).hex())
        self.assertEqual(rows["command.reduce"], ashlar.reduce(first, 6).hex())
        self.assertEqual(rows["command.replace"], ashlar.replace(first, 101, 7).hex())
        self.assertEqual(rows["command.cancel-all"], ashlar.cancel_all().hex())
        some = ashlar.cancel_all(0x0102, "sell", (5, (1 << 47) - 2))
        self.assertEqual(rows["command.cancel-all-some"], some.hex())
        self.assertEqual(rows["command.dead-man"], ashlar.dead_man().hex())
        self.assertEqual(rows["command.transfer"], ashlar.transfer(0x0A0B0C0D, 0x0304, 1 << 63).hex())
        self.assertEqual(rows["command.withdraw"], ashlar.withdraw(0x0304, 123_456_789).hex())
        self.assertEqual(rows["command.kill-switch"], ashlar.kill_switch(True).hex())
        self.assertEqual(rows["command.revoke-key"], ashlar.revoke_key(7).hex())
        self.assertEqual(rows["command.open-sub-account"], ashlar.open_sub_account().hex())
        key = ashlar.register_key(3, bytes(range(32)), 3, 1_900_000_000_000)
        self.assertEqual(rows["command.register-key"], key.hex())
        quotes = [ashlar.quote("sell", 9, 8, client=7)]
        quotes.append(ashlar.quote("sell", 9, 8, client=7, replaces=ashlar.order_id(0x0102, "buy", 1, 2)))
        self.assertEqual(rows["command.mass-quote"], ashlar.mass_quote(0x0102, quotes).hex())
        ids = ashlar.order_id(0x0102, "buy", 1, 0), ashlar.order_id(0x0102, "buy", (1 << 47) - 2, (1 << 64) - 1)
        self.assertEqual(rows["command.sweep"], ashlar.sweep(ids).hex())
        signed = ashlar.message(
            ashlar.header(0x0A0B0C0D, 0x2122232425262728, slot=3, epoch=0x31323334, not_after=1_700_000_000_000),
            [ashlar.place(plain), ashlar.kill_switch(False)])
        self.assertEqual(rows["message.session"], signed.hex())
        owner = ashlar.header(0x0A0B0C0D, 0x2122232425262728, not_after=1_700_000_000_000)
        commands = [ashlar.place(plain), ashlar.kill_switch(False)]
        self.assertEqual(rows["message.owner"], ashlar.message(owner, commands).hex())

    def test_receipts_and_events_are_read_to_their_last_byte(self):
        rows = table("encoding.txt")
        read = 0
        for name, value in rows.items():
            reader = encode.Reader(bytes.fromhex(value))
            if name.startswith("event."):
                self.assertEqual(name[6:].replace("-", "_"), reader.event()["type"])
            elif name.startswith("receipt."):
                self.assertEqual(0x4142434445464748, reader.receipt()["sequence"])
            else:
                continue
            self.assertEqual(reader.at, len(reader.data), name)
            read += 1
        self.assertEqual(13, read)

    def test_session_signatures(self):
        rows = table("session.txt")
        exchange, cases = bytes.fromhex(rows["exchange"]), numbered(rows)
        self.assertGreater(len(cases), 3)
        for case in cases.values():
            secret, message, aux = (bytes.fromhex(case[field]) for field in ("secret", "message", "aux"))
            self.assertEqual(case["public"], ashlar.public_key(secret).hex())
            digest = ashlar.session_digest(exchange, message)
            self.assertEqual(case["digest"], digest.hex())
            self.assertEqual(case["signature"], ashlar.sign(secret, digest, aux).hex())

    def test_the_signatures_of_the_bip(self):
        checked = 0
        for case in numbered(table("bip340.txt")).values():
            public, message, signature = (bytes.fromhex(case[f]) for f in ("public", "message", "signature"))
            self.assertEqual(case["valid"] == "01", ashlar.verify(public, message, signature))
            checked += 1
        self.assertGreater(checked, 10)

    def test_numbers_out_of_range_are_refused(self):
        for wrong in (
            lambda: ashlar.order(4096, "buy", 1, 1), lambda: ashlar.order(0, "buy", 0, 1),
            lambda: ashlar.order(0, "bye", 1, 1), lambda: ashlar.order(0, "buy", 1.5, 1),
            lambda: ashlar.order(0, "buy", True, 1), lambda: ashlar.cancel(bytes(15)), lambda: ashlar.sweep([]),
            lambda: ashlar.message(b"", []), lambda: ashlar.transfer(1 << 28, 0, 1), lambda: ashlar.sign(bytes(32), b""),
        ):
            self.assertRaises(ValueError, wrong)


if __name__ == "__main__":
    unittest.main()
