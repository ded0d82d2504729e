//! Wallet signatures against digests and signatures that other software made.

mod frozen;

use ashlar_types::sign::{SignatureError, WalletSecret, domain_separator, recover, recover_owner, wallet_digest};
use ashlar_types::*;
use k256::Scalar;
use k256::elliptic_curve::PrimeField;

struct Vectors {
    deployment: Deployment,
    wallet: WalletSecret,
    cases: Vec<(String, Message, [u8; 32], [u8; 65])>,
}

fn vectors() -> Vectors {
    let lines = frozen::read("eip712.txt");
    let line = |name: &str| lines.get(name).unwrap_or_else(|| panic!("no line {name}")).as_slice();
    let deployment = Deployment {
        chain_id: u64::from_be_bytes(line("chain-id").try_into().unwrap()),
        settlement: Address(line("settlement").try_into().unwrap()),
    };
    assert_eq!(deployment.exchange_id().0, line("exchange"));
    assert_eq!(domain_separator(&deployment), line("separator"));
    let wallet = WalletSecret::new(line("secret").try_into().unwrap()).unwrap();
    assert_eq!(wallet.address().0, line("address"));
    let names = lines.keys().filter_map(|name| name.strip_suffix(".message"));
    let cases: Vec<_> = names
        .map(|name| {
            let message = from_bytes(line(&format!("{name}.message"))).expect(name);
            let digest = line(&format!("{name}.digest")).try_into().unwrap();
            (name.to_owned(), message, digest, line(&format!("{name}.signature")).try_into().unwrap())
        })
        .collect();
    assert_eq!(cases.len(), 10);
    Vectors { deployment, wallet, cases }
}

#[test]
fn digests_and_signatures_are_those_of_other_software() {
    let Vectors { deployment, wallet, cases } = vectors();
    for (name, message, digest, signature) in cases {
        assert_eq!(wallet_digest(&deployment, &message), Ok(digest), "{name}");
        assert_eq!(wallet.sign(&digest), signature, "{name}: the same deterministic nonce");
        assert_eq!(recover(&digest, &signature), Ok(wallet.address()), "{name}");
        assert_eq!(recover_owner(&deployment, &message, &signature, wallet.address()), Ok(()), "{name}");
        let expected = Address([1; 20]);
        let wrong = SignatureError::WrongOwner { expected, got: wallet.address() };
        assert_eq!(recover_owner(&deployment, &message, &signature, expected), Err(wrong), "{name}");
    }
}

/// Whatever differs in the message or the deployment makes another digest.
#[test]
fn a_digest_binds_everything() {
    let Vectors { deployment, cases, .. } = vectors();
    let mut digests: Vec<_> = cases.iter().map(|(_, _, digest, _)| *digest).collect();
    for (_, message, ..) in &cases {
        let digest = |change: &dyn Fn(&mut Message)| {
            let mut message = message.clone();
            change(&mut message);
            wallet_digest(&deployment, &message).unwrap()
        };
        digests.push(digest(&|m| m.header.account = AccountId::new(3).unwrap()));
        digests.push(digest(&|m| m.header.nonce += 1));
        digests.push(digest(&|m| m.header.not_after = Time::NEVER));
        let elsewhere = Deployment { chain_id: 1, ..deployment };
        digests.push(wallet_digest(&elsewhere, message).unwrap());
        let elsewhere = Deployment { settlement: Address([0; 20]), ..deployment };
        digests.push(wallet_digest(&elsewhere, message).unwrap());
    }
    let count = digests.len();
    digests.sort_unstable();
    digests.dedup();
    assert_eq!(digests.len(), count);
}

#[test]
fn a_signature_has_one_form() {
    let Vectors { wallet, cases, .. } = vectors();
    let (_, _, digest, signature) = &cases[0];
    let changed = |change: &dyn Fn(&mut [u8; 65])| {
        let mut signature = *signature;
        change(&mut signature);
        recover(digest, &signature)
    };
    assert_eq!(changed(&|s| s[64] -= 27), Ok(wallet.address()));
    for got in [2, 3, 26, 29, 35, 255] {
        assert_eq!(changed(&|s| s[64] = got), Err(SignatureError::UnknownRecovery { got }));
    }
    // The other root, with the other parity, recovers to the same key in plain ECDSA.
    let high = |s: &mut [u8; 65]| {
        let low = Scalar::from_repr(<[u8; 32]>::try_from(&s[32..64]).unwrap().into()).unwrap();
        s[32..64].copy_from_slice(&(-low).to_bytes());
        s[64] ^= 27 ^ 28;
    };
    assert_eq!(changed(&high), Err(SignatureError::HighS));
    assert_eq!(changed(&|s| s[..32].fill(0)), Err(SignatureError::EcdsaRange));
    assert_eq!(changed(&|s| s[32..64].fill(0)), Err(SignatureError::EcdsaRange));
    assert_eq!(changed(&|s| s[..32].fill(0xff)), Err(SignatureError::EcdsaRange));
    assert_eq!(changed(&|s| s[32..64].fill(0xff)), Err(SignatureError::EcdsaRange));
    assert_ne!(changed(&|s| s[64] ^= 27 ^ 28), Ok(wallet.address()));
    // 5 is not the x coordinate of any point.
    let off_curve = |s: &mut [u8; 65]| {
        s[..31].fill(0);
        s[31] = 5;
    };
    assert_eq!(changed(&off_curve), Err(SignatureError::Unrecoverable));
}

#[test]
fn what_moves_funds_or_grants_power_is_never_signed_unread() {
    let Vectors { deployment, cases, .. } = vectors();
    let cancel_all = Command::CancelAll(CancelFilter::ALL);
    let mut refused = 0;
    for (name, message, ..) in cases {
        let mut beside = message.clone();
        beside.commands.insert(0, cancel_all.clone());
        match wallet_digest(&deployment, &beside) {
            Err(SignatureError::MustStandAlone { command: 1 }) => refused += 1,
            digest => assert!(digest.is_ok() && (name.starts_with("commands") || name == "cancel-all"), "{name}"),
        }
        let mut by_session = message;
        by_session.header.signer = Signer::Session { slot: KeySlot::new(0).unwrap(), epoch: 0 };
        assert_eq!(wallet_digest(&deployment, &by_session), Err(SignatureError::WrongScheme), "{name}");
    }
    assert_eq!(refused, 7);
}

#[test]
fn secrets_are_in_range_and_not_shown() {
    assert!(matches!(WalletSecret::new(&[0; 32]), Err(SignatureError::BadSecret)));
    assert!(matches!(sign::SessionSecret::new(&[0xff; 32]), Err(SignatureError::BadSecret)));
    assert!(!format!("{:?}", WalletSecret::new(&[0x42; 32]).unwrap()).contains("42"));
}
