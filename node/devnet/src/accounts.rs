//! Accounts that exist from the first block.

/// An account whose private key is public knowledge, and must hold nothing anywhere else.
#[derive(Clone, Copy, Debug)]
pub struct Account {
    /// Its address.
    pub address: [u8; 20],
    /// Its private key: a development key, known to everybody.
    pub development_key: [u8; 32],
}

/// The first accounts of the mnemonic `test test test test test test test test test test test junk`, which development chains share.
pub const DEVELOPMENT_ACCOUNTS: [Account; 6] = [
    account(
        "f39fd6e51aad88f6f4ce6ab8827279cfffb92266",
        "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80",
    ),
    account(
        "70997970c51812dc3a010c7d01b50e0d17dc79c8",
        "59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d",
    ),
    account(
        "3c44cdddb6a900fa2b585dd299e03d12fa4293bc",
        "5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a",
    ),
    account(
        "90f79bf6eb2c4f870365e785982e1f101e93b906",
        "7c852118294e51e653712a81e05800f419141751be58f605c371e15141b007a6",
    ),
    account(
        "15d34aaf54267db7d7c367839aaf71a00a2c6a65",
        "47e179ec197488593b187f80a00eb0da91f1b9d0b13f8733639f19c30a34926a",
    ),
    account(
        "9965507d1a55bcc2695c58ba16fb37d819b0a4dc",
        "8b3a350cf5c34c9194ca85829a2df0ec3153be0318b5e2d3348e872092edffba",
    ),
];

const fn account(address: &str, development_key: &str) -> Account {
    Account { address: hex(address), development_key: hex(development_key) }
}

/// Bytes from hexadecimal digits, while compiling.
pub(crate) const fn hex<const N: usize>(digits: &str) -> [u8; N] {
    let digits = digits.as_bytes();
    assert!(digits.len() == 2 * N, "two digits a byte");
    let mut bytes = [0; N];
    let mut at = 0;
    while at < N {
        bytes[at] = digit(digits[2 * at]) << 4 | digit(digits[2 * at + 1]);
        at += 1;
    }
    bytes
}

const fn digit(character: u8) -> u8 {
    match character {
        b'0'..=b'9' => character - b'0',
        b'a'..=b'f' => character - b'a' + 10,
        _ => panic!("a lower-case hexadecimal digit"),
    }
}
