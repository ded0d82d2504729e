"""BIP-340 signatures over secp256k1, and what a session key signs (docs/spec/signatures.md).

This is arithmetic on Python's own integers: correct, slow, and not in constant time.
"""

import hashlib

P = 2**256 - 2**32 - 977
N = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
G = (
    0x79BE667EF9DCBBAC55A06295CE870B07029BFCDB2DCE28D959F2815B16F81798,
    0x483ADA7726A3C4655DA4FBFC0E1108A8FD17B448A68554199C47D08FFB10D4B8,
)
_INFINITY = (0, 1, 0)


def _double(p):
    x, y, z = p
    if z == 0:
        return p
    yy = y * y % P
    s = 4 * x * yy % P
    m = 3 * x * x % P
    x2 = (m * m - 2 * s) % P
    return x2, (m * (s - x2) - 8 * yy * yy) % P, 2 * y * z % P


def _add(p, q):
    if p[2] == 0:
        return q
    if q[2] == 0:
        return p
    (x1, y1, z1), (x2, y2, z2) = p, q
    zz1, zz2 = z1 * z1 % P, z2 * z2 % P
    u1, u2 = x1 * zz2 % P, x2 * zz1 % P
    s1, s2 = y1 * zz2 * z2 % P, y2 * zz1 * z1 % P
    if u1 == u2:
        return _double(p) if s1 == s2 else _INFINITY
    h, r = u2 - u1, s2 - s1
    hh = h * h % P
    hhh, v = h * hh % P, u1 * hh % P
    x3 = (r * r - hhh - 2 * v) % P
    return x3, (r * (v - x3) - s1 * hhh) % P, h * z1 * z2 % P


def _multiply(point, scalar):
    result, addend = _INFINITY, (*point, 1)
    while scalar:
        if scalar & 1:
            result = _add(result, addend)
        addend, scalar = _double(addend), scalar >> 1
    return result


def _affine(p):
    if p[2] == 0:
        return None
    inverse = pow(p[2], -1, P)
    return p[0] * inverse**2 % P, p[1] * inverse**3 % P


def _tagged(tag, *parts):
    prefix = hashlib.sha256(tag.encode()).digest()
    return hashlib.sha256(prefix + prefix + b"".join(parts)).digest()


def _lift_x(x):
    if x >= P:
        return None
    square = (x**3 + 7) % P
    y = pow(square, (P + 1) // 4, P)
    if y * y % P != square:
        return None
    return x, y if y % 2 == 0 else P - y


def _key(secret):
    scalar = int.from_bytes(secret, "big")
    if len(secret) != 32 or not 0 < scalar < N:
        raise ValueError("the bytes are no secret key; draw 32 others")
    point = _affine(_multiply(G, scalar))
    return (scalar if point[1] % 2 == 0 else N - scalar), point[0].to_bytes(32, "big")


def public_key(secret):
    """The x coordinate that the owner registers."""
    return _key(secret)[1]


def sign(secret, digest, aux=bytes(32)):
    """Signs a digest; `aux` hedges the nonce, and zeros are safe."""
    scalar, public = _key(secret)
    mask = int.from_bytes(_tagged("BIP0340/aux", aux), "big")
    nonce = int.from_bytes(_tagged("BIP0340/nonce", (scalar ^ mask).to_bytes(32, "big"), public, digest), "big") % N
    if nonce == 0:
        raise ValueError("this message cannot be signed with this auxiliary randomness; draw another")
    commitment = _affine(_multiply(G, nonce))
    if commitment[1] % 2:
        nonce = N - nonce
    r = commitment[0].to_bytes(32, "big")
    challenge = int.from_bytes(_tagged("BIP0340/challenge", r, public, digest), "big") % N
    signature = r + ((nonce + challenge * scalar) % N).to_bytes(32, "big")
    if not verify(public, digest, signature):
        raise ArithmeticError("a signature that was just made does not fit; do not use this machine")
    return signature


def verify(public, digest, signature):
    """Whether a signature is one of this digest by this key."""
    point = _lift_x(int.from_bytes(public, "big"))
    if len(signature) != 64 or point is None:
        return False
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    if r >= P or s >= N:
        return False
    challenge = int.from_bytes(_tagged("BIP0340/challenge", signature[:32], public, digest), "big") % N
    commitment = _affine(_add(_multiply(G, s), _multiply(point, N - challenge)))
    return commitment is not None and commitment[1] % 2 == 0 and commitment[0] == r


def session_digest(exchange, message):
    """What a session key signs for the canonical bytes of a message (G-4)."""
    domain = b"ashlar/session-message/1".ljust(32, b"\0")
    return hashlib.sha256(domain + exchange + message).digest()
