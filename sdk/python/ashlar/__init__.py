"""Client of the Ashlar exchange."""

from .client import ApiError, Gateway, Rest, Trader
from .encode import (
    NEVER,
    Reader,
    cancel,
    cancel_all,
    cancel_place,
    dead_man,
    header,
    kill_switch,
    mass_quote,
    message,
    one_cancels_other,
    open_sub_account,
    order,
    order_id,
    place,
    quote,
    reduce,
    register_key,
    replace,
    revoke_key,
    sweep,
    transfer,
    withdraw,
)
from .sign import public_key, session_digest, sign, verify
from .stream import Book, OutOfStep, Stream

__all__ = [
    "ApiError", "Book", "Gateway", "NEVER", "OutOfStep", "Reader", "Rest", "Stream", "Trader", "cancel", "cancel_all", "cancel_place", "dead_man",
    "header", "kill_switch", "mass_quote", "message", "one_cancels_other", "open_sub_account", "order", "order_id",
    "place", "public_key", "quote", "reduce", "register_key", "replace", "revoke_key", "session_digest", "sign",
    "sweep", "transfer", "verify", "withdraw",
]
