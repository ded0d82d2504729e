"""Derives eip712.txt without the code it is to check: message bytes packed by hand, digests and signatures by eth-account.

    python3 -m venv venv && venv/bin/pip install eth-account==0.14.0
    venv/bin/python vectors/types/derive_eip712.py > vectors/types/eip712.txt
"""

import hashlib
import struct

from eth_account import Account
from eth_account.messages import encode_typed_data
from eth_utils import keccak

CHAIN_ID = 0x0102030405060708
SETTLEMENT = bytes(range(0xA0, 0xB4))
SECRET = bytes([0x42]) * 32
ACCOUNT, NONCE, NOT_AFTER = 0x0A0B0C0D, 0x2122232425262728, 1_700_000_000_000
EIP712_DOMAIN = [("string", "name"), ("string", "version"), ("uint256", "chainId"), ("address", "verifyingContract")]


def u48(value):
    return struct.pack("<Q", value)[:6]


def message(*commands):
    """A message by its owner: account, scheme 1, nonce, deadline, count, commands."""
    header = struct.pack("<IBQ", ACCOUNT, 1, NONCE) + u48(NOT_AFTER)
    return header + struct.pack("<H", len(commands)) + b"".join(commands)


def order_id(market, buy, price, rank):
    """Big-endian: market 16 bits, side 1, price 47 turned so that the better one is smaller, rank 64."""
    turned = (1 << 47) - 1 - price if buy else price
    return struct.pack(">QQ", market << 48 | (not buy) << 47 | turned, rank)


PUBLIC = bytes(range(32))
CANCEL_ALL = bytes([5, 0, 0, 0])
CANCEL = bytes([1]) + order_id(0x0102, True, 100, 5)
DEAD_MAN = bytes([8]) + u48(1_800_000_000_000)

# name, type, the fields between account and nonce, the commands' bytes
CASES = [
    ("register-key", "RegisterKey",
     [("uint8", "slot", 3), ("bytes32", "publicKey", PUBLIC), ("uint8", "scopes", 15), ("uint64", "expires", 1_900_000_000_000)],
     [bytes([12, 3]) + PUBLIC + bytes([15]) + u48(1_900_000_000_000)]),
    ("revoke-key", "RevokeKey", [("uint8", "slot", 7)], [bytes([13, 7])]),
    ("open-sub-account", "OpenSubAccount", [], [bytes([14])]),
    ("kill-switch-stop", "KillSwitch", [("bool", "stop", True)], [bytes([11, 1])]),
    ("kill-switch-resume", "KillSwitch", [("bool", "stop", False)], [bytes([11, 0])]),
    ("withdraw", "Withdraw", [("uint16", "asset", 0x0304), ("uint64", "amount", 1 << 63)],
     [bytes([10]) + struct.pack("<HQ", 0x0304, 1 << 63)]),
    ("transfer", "Transfer", [("uint32", "to", 9), ("uint16", "asset", 0x0304), ("uint64", "amount", 123_456_789)],
     [bytes([9]) + struct.pack("<IHQ", 9, 0x0304, 123_456_789)]),
    ("cancel-all", "CancelAll", [], [CANCEL_ALL]),
    ("commands-one", "Commands", None, [CANCEL]),
    ("commands-two", "Commands", None, [CANCEL_ALL, DEAD_MAN]),
]


def domain_hash(name, *parts):
    return hashlib.sha256(name.ljust(32, b"\0") + b"".join(parts)).digest()


def main():
    exchange = domain_hash(b"ashlar/exchange-id/1", CHAIN_ID.to_bytes(32, "big"), SETTLEMENT.rjust(32, b"\0"))
    lines = [("chain-id", CHAIN_ID.to_bytes(8, "big")), ("settlement", SETTLEMENT), ("exchange", exchange),
             ("secret", SECRET), ("address", bytes.fromhex(Account.from_key(SECRET).address[2:]))]
    for name, kind, fields, commands in CASES:
        encoded = message(*commands)
        if fields is None:
            digest = domain_hash(b"ashlar/wallet-commands/1", exchange, encoded)
            fields = [("uint16", "count", len(commands)), ("bytes32", "digest", digest)]
        fields = [("uint32", "account", ACCOUNT), *fields, ("uint64", "nonce", NONCE), ("uint64", "notAfter", NOT_AFTER)]
        typed = {
            "types": {
                "EIP712Domain": [{"type": t, "name": n} for t, n in EIP712_DOMAIN],
                kind: [{"type": t, "name": n} for t, n, _ in fields],
            },
            "primaryType": kind,
            "domain": {"name": "Ashlar", "version": "1", "chainId": CHAIN_ID, "verifyingContract": "0x" + SETTLEMENT.hex()},
            "message": {n: v for _, n, v in fields},
        }
        signable = encode_typed_data(full_message=typed)
        if not any(name == "separator" for name, _ in lines):
            lines.append(("separator", signable.header))
        digest = keccak(b"\x19\x01" + signable.header + signable.body)
        signed = Account.sign_message(signable, SECRET)
        assert bytes(signed.message_hash) == digest
        lines += [(f"{name}.message", encoded), (f"{name}.digest", digest), (f"{name}.signature", bytes(signed.signature))]
    print("# What an owner's wallet signs, derived by derive_eip712.py with eth-account (docs/spec/signatures.md):")
    print("# canonical bytes of the message, EIP-712 digest, signature (r, s, v) by the secret.\n")
    for name, value in lines:
        print(f"{name}={value.hex()}")


main()
