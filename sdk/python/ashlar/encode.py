"""The canonical encoding of messages and receipts (docs/spec/encoding.md): little-endian numbers of fixed width.

Every function gives the bytes of one value and refuses numbers out of range, so that what is signed can be decoded.
"""

NEVER = (1 << 48) - 1
"""A time that no clock reaches."""

_PRICE_MAX = (1 << 47) - 2
_LOTS_MAX = (1 << 48) - 1
_AMOUNT_MAX = 1 << 63

_SIDES = ("buy", "sell")
_KINDS = ("limit", "market")
_LIVES = ("rest", "immediate_or_cancel", "fill_or_kill")
_POST_ONLY = ("no", "reject", "slide")
_SELF_TRADE = ("cancel_newest", "cancel_oldest", "cancel_both", "decrement")
_DIRECTIONS = ("falls", "rises")


def _number(value, width, low, high):
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise ValueError(f"{value!r} is not a whole number from {low} to {high}")
    return value.to_bytes(width, "little")


def _u64(value):
    return _number(value, 8, 0, (1 << 64) - 1)


def _price(value):
    return _number(value, 6, 1, _PRICE_MAX)


def _lots(value):
    return _number(value, 6, 0, _LOTS_MAX)


def _amount(value):
    return _number(value, 8, 0, _AMOUNT_MAX)


def _time(value):
    return _number(value, 6, 0, NEVER)


def _market(value):
    return _number(value, 2, 0, 4095)


def _account(value):
    return _number(value, 4, 0, (1 << 28) - 1)


def _slot(value):
    return _number(value, 1, 0, 7)


def _word(value, words):
    if value not in words:
        raise ValueError(f"{value!r} is none of {', '.join(words)}")
    return bytes([words.index(value)])


def _list(items, most):
    items = list(items)
    if not 1 <= len(items) <= most:
        raise ValueError(f"{len(items)} entries where 1 to {most} may be")
    return len(items).to_bytes(2, "little") + b"".join(items)


def _optional(value, encode):
    return b"\0" if value is None else b"\1" + encode(value)


def _id(value):
    """An order id: 16 bytes, or hexadecimal after 0x as the API writes it."""
    if isinstance(value, str):
        value = bytes.fromhex(value.removeprefix("0x"))
    if len(value) != 16:
        raise ValueError(f"an order id of {len(value)} bytes; it has 16")
    return bytes(value)


def order_id(market, side, price, rank):
    """The id of an order: its first place in its book."""
    _market(market), _price(price), _u64(rank)
    sell = _SIDES.index(side)
    normal = price if sell else (1 << 47) - 1 - price
    return ((market << 48 | sell << 47 | normal) << 64 | rank).to_bytes(16, "big")


def order(market, side, price, lots, *, kind="limit", time_in_force="rest", post_only="no", self_trade="cancel_newest",
          display=0, expires=NEVER, trigger=None, client=0):
    """An order. `trigger` is a direction and a price: ("rises", 120)."""
    return b"".join([
        _market(market), _word(side, _SIDES), _word(kind, _KINDS), _word(time_in_force, _LIVES),
        _word(post_only, _POST_ONLY), _word(self_trade, _SELF_TRADE), _price(price), _lots(lots), _lots(display),
        _time(expires), _optional(trigger, lambda t: _word(t[0], _DIRECTIONS) + _price(t[1])), _u64(client),
    ])


def place(new):
    """Place an order."""
    return b"\x00" + new


def cancel(which):
    """Cancel an order or a pending trigger."""
    return b"\x01" + _id(which)


def reduce(which, by):
    """Make an order smaller; it keeps its place."""
    return b"\x02" + _id(which) + _lots(by)


def replace(which, price, lots):
    """Cancel a resting order and place it anew."""
    return b"\x03" + _id(which) + _price(price) + _lots(lots)


def cancel_place(which, new):
    """Cancel one order and place another, or do neither."""
    return b"\x04" + _id(which) + new


def cancel_all(market=None, side=None, prices=None):
    """Cancel every order that the filter selects; `prices` are the lowest and the highest."""
    return (b"\x05" + _optional(market, _market) + _optional(side, lambda s: _word(s, _SIDES))
            + _optional(prices, lambda p: _price(p[0]) + _price(p[1])))


def quote(side, price, lots, *, replaces=None, client=0):
    """One quote of a mass quote; zero lots only cancel."""
    return _optional(replaces, _id) + _word(side, _SIDES) + _price(price) + _lots(lots) + _u64(client)


def mass_quote(market, quotes):
    """Replace many quotes of one market at once."""
    return b"\x06" + _market(market) + _list(quotes, 32)


def one_cancels_other(limit, stop):
    """A resting limit order and a trigger, of which the first to act cancels the other."""
    return b"\x07" + limit + stop


def dead_man(at=NEVER):
    """All orders of the account die at this moment unless it is moved first."""
    return b"\x08" + _time(at)


def transfer(to, asset, amount):
    """Move funds to another account of the same owner."""
    return b"\x09" + _account(to) + _market(asset) + _amount(amount)


def withdraw(asset, amount):
    """Send funds to the owner's address on L1."""
    return b"\x0a" + _market(asset) + _amount(amount)


def kill_switch(stop):
    """Stop all trading of this account, or resume it."""
    return b"\x0b" + (b"\1" if stop else b"\0")


def register_key(slot, public, scopes, expires=NEVER):
    """Register a session key; only the owner may."""
    if len(public) != 32:
        raise ValueError(f"a public key of {len(public)} bytes; it has 32")
    return b"\x0c" + _slot(slot) + bytes(public) + _number(scopes, 1, 0, 15) + _time(expires)


def revoke_key(slot):
    """Make a session key worthless at once."""
    return b"\x0d" + _slot(slot)


def open_sub_account():
    """Open another account of the same owner; only the owner may."""
    return b"\x0e"


def sweep(orders):
    """Remove dead orders of anyone."""
    return b"\x0f" + _list(map(_id, orders), 64)


def header(account, nonce, *, slot=None, epoch=None, not_after=NEVER):
    """Who speaks: the session key of a slot in its epoch, or the owner if there is no slot."""
    if slot is None:
        signer = b"\1"
    else:
        signer = b"\0" + _slot(slot) + _number(epoch, 4, 0, (1 << 32) - 1)
    return _account(account) + signer + _u64(nonce) + _time(not_after)


def message(head, commands):
    """A message: what is signed, and what is sent."""
    encoded = head + _list(commands, 256)
    if len(encoded) > 1 << 16:
        raise ValueError(f"a message of {len(encoded)} bytes; it may have 65536")
    return encoded


class Reader:
    """Reads what a gateway answers."""

    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, count):
        if len(self.data) - self.at < count:
            raise ValueError("the bytes end too early")
        self.at += count
        return self.data[self.at - count:self.at]

    def number(self, width):
        return int.from_bytes(self.take(width), "little")

    def receipt(self):
        """A receipt as a dictionary; `reason` is its number in docs/spec/commands.md."""
        read = {"sequence": self.number(8), "time": self.number(6), "account": self.number(4), "reason": self.number(1)}
        read["order"] = "0x" + self.take(16).hex() if self.number(1) else None
        read.update(client=self.number(8), filled=self.number(6), remaining=self.number(6))
        return read

    _EVENTS = (
        ("trade", "maker:o taker:o maker_account:4 taker_account:4 price:6 lots:6 maker_remaining:6 maker_fee:8 "
                  "maker_rebate:8 taker_fee:8"),
        ("removed", "order:o account:4 lots:6 reason:1"), ("reduced", "order:o remaining:6"),
        ("refilled", "order:o rank:8 visible:6"), ("fired", "order:o account:4"),
        ("placed", "order:o account:4 client:8 filled:6 remaining:6 reason:1"),
        ("refused", "account:4 client:8 reason:1"), ("credited", "account:4 asset:2 amount:8"),
        ("withdrawn", "index:8 to:a asset:2 amount:8"), ("opened", "account:4 owner:a"), ("cascade_pending", "market:2"),
    )

    def event(self):
        """An event as a dictionary."""
        tag = self.number(1)
        if tag >= len(self._EVENTS):
            raise ValueError(f"an event of kind {tag}, which is not known")
        name, fields = self._EVENTS[tag]
        read = {"type": name}
        for field in fields.split():
            key, width = field.split(":")
            raw = {"o": 16, "a": 20}.get(width)
            read[key] = "0x" + self.take(raw).hex() if raw else self.number(int(width))
        return read
