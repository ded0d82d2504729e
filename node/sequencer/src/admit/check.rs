//! Signatures of a group of messages, session keys' all at once.

use ashlar_api::door::{Allowance, Refusal, Signature, Signed};
use ashlar_guest::pack_wallet_signature;
use ashlar_types::sign::{Native, SchnorrSigned, SignatureError, find_invalid, recover_owner, verify_batch};
use ashlar_types::sign::{session_digest, wallet_digest};
use ashlar_types::{Deployment, Domain, ExchangeId, Input, Message, Reason, Signer};
use secp256k1::{Secp256k1, VerifyOnly, XOnlyPublicKey, schnorr};

use super::directory::Directory;

/// So many are checked sooner one by one, by libsecp256k1, than all at once (`cargo bench -p ashlar-sequencer`).
const ONE_BY_ONE_MAX: usize = 24;

/// A message that its signer has signed.
#[derive(Debug)]
pub struct Vouched {
    /// As an input of the exchange.
    pub input: Input,
    /// In the 64 bytes that a batch holds.
    pub signature: [u8; 64],
    /// What was signed.
    pub digest: [u8; 32],
    /// By what receipts at the door name it.
    pub command_hash: [u8; 32],
    /// What is left of the sender's allowance.
    pub allowance: Option<Allowance>,
}

/// Checks the signatures of messages against what the directory knows.
#[derive(Clone, Debug)]
pub struct Checker {
    deployment: Deployment,
    exchange: ExchangeId,
    directory: Directory,
    alone: Secp256k1<VerifyOnly>,
}

/// One message while its group is checked.
enum Verdict {
    /// By a session key, not checked yet.
    Claimed {
        public: [u8; 32],
        signature: [u8; 64],
    },
    /// By a wallet, which has been checked.
    Wallet([u8; 64]),
    Refused(Refusal),
}

impl Checker {
    /// A checker for an exchange.
    pub fn new(deployment: Deployment, directory: Directory) -> Checker {
        let alone = Secp256k1::verification_only();
        Checker { deployment, exchange: deployment.exchange_id(), directory, alone }
    }

    /// Checks a group. The answers are in the order of the messages.
    pub fn check(&self, group: Vec<Signed>) -> Vec<Result<Vouched, Refusal>> {
        let looked: Vec<_> = group.iter().map(|signed| self.look_up(signed)).collect();
        let (digests, mut verdicts): (Vec<_>, Vec<_>) = looked.into_iter().unzip();
        let mut places = Vec::with_capacity(group.len());
        let mut claims = Vec::with_capacity(group.len());
        for (place, verdict) in verdicts.iter().enumerate() {
            if let Verdict::Claimed { public, signature } = verdict {
                places.push(place);
                claims.push(SchnorrSigned { public: *public, message: &digests[place], signature: *signature });
            }
        }
        for culprit in self.culprits(&claims) {
            verdicts[places[culprit]] = Verdict::Refused(Refusal::Signature(SignatureError::Mismatch));
        }
        let checked = group.into_iter().zip(digests).zip(verdicts);
        checked.map(|((signed, digest), verdict)| self.vouch(signed, digest, verdict)).collect()
    }

    fn look_up(&self, signed: &Signed) -> ([u8; 32], Verdict) {
        let header = signed.header();
        let refused = |reason| ([0; 32], Verdict::Refused(Refusal::Inadmissible(reason)));
        match (header.signer, signed.signature()) {
            (Signer::Session { slot, epoch }, Signature::Session(signature)) => {
                match self.directory.key(header.account, slot) {
                    Some(key) if key.epoch == epoch && key.public != [0; 32] => {
                        let digest = session_digest(&self.exchange, signed.bytes());
                        (digest, Verdict::Claimed { public: key.public, signature: *signature })
                    }
                    _ if self.directory.owner(header.account).is_none() => refused(Reason::UnknownAccount),
                    _ => refused(Reason::UnknownKey),
                }
            }
            (Signer::Owner, Signature::Owner(signature)) => match self.directory.owner(header.account) {
                Some(owner) => self.wallet(signed.message(), signature, owner),
                None => refused(Reason::UnknownAccount),
            },
            _ => ([0; 32], Verdict::Refused(Refusal::Signature(SignatureError::WrongScheme))),
        }
    }

    fn wallet(&self, message: &Message, signature: &[u8; 65], owner: ashlar_types::Address) -> ([u8; 32], Verdict) {
        let recovered = recover_owner(&self.deployment, message, signature, owner);
        match recovered.and_then(|()| wallet_digest(&self.deployment, message)) {
            Ok(digest) => (digest, Verdict::Wallet(pack_wallet_signature(signature))),
            Err(error) => ([0; 32], Verdict::Refused(Refusal::Signature(error))),
        }
    }

    /// The places of those that do not hold.
    fn culprits(&self, claims: &[SchnorrSigned<'_>]) -> Vec<usize> {
        if claims.len() <= ONE_BY_ONE_MAX {
            let claimed = claims.iter().enumerate();
            claimed.filter(|(_, claim)| !self.holds(claim)).map(|(place, _)| place).collect()
        } else if verify_batch(&mut Native, claims).is_err() {
            find_invalid(claims)
        } else {
            Vec::new()
        }
    }

    /// Whether one holds: by the rules of BIP-340, which leave nothing to an implementation, so that the guest says the same.
    fn holds(&self, claim: &SchnorrSigned<'_>) -> bool {
        let key = XOnlyPublicKey::from_slice(&claim.public);
        let signature = schnorr::Signature::from_slice(&claim.signature);
        let parsed = key.and_then(|key| Ok((key, signature?)));
        parsed.is_ok_and(|(key, signature)| self.alone.verify_schnorr(&signature, claim.message, &key).is_ok())
    }

    fn vouch(&self, signed: Signed, digest: [u8; 32], verdict: Verdict) -> Result<Vouched, Refusal> {
        let signature = match verdict {
            Verdict::Claimed { signature, .. } | Verdict::Wallet(signature) => signature,
            Verdict::Refused(refusal) => return Err(refusal),
        };
        let (message, bytes, _) = signed.into_parts();
        let command_hash = message_hash(&self.exchange, &bytes);
        Ok(Vouched { input: Input::Message(message), signature, digest, command_hash, allowance: None })
    }
}

/// [`crate::receipt::command_hash`] of a message of these bytes, which its input's encoding only puts a tag before.
fn message_hash(exchange: &ExchangeId, bytes: &[u8]) -> [u8; 32] {
    Domain::COMMAND.hash(&[&exchange.0, &[0], bytes])
}

#[cfg(test)]
mod tests {
    use super::*;
    use ashlar_types::sign::{SessionSecret, verify};
    use ashlar_types::{AccountId, Address, Command, Header, KeySlot, Time, to_bytes};

    fn checker() -> Checker {
        Checker::new(Deployment { chain_id: 1, settlement: Address([5; 20]) }, Directory::default())
    }

    /// Whoever is let in must be let through by the guest, and the other way round.
    #[test]
    fn one_alone_is_judged_as_the_guest_judges_it() {
        let (checker, digest) = (checker(), [3; 32]);
        let key = SessionSecret::new(&[7; 32]).unwrap();
        let good = (key.public(), key.sign(&digest, &[0; 32]).unwrap());
        let judged = |public: [u8; 32], signature: [u8; 64]| {
            let claim = SchnorrSigned { public, message: &digest, signature };
            let alone = checker.holds(&claim);
            assert_eq!(alone, verify(&claim).is_ok(), "{public:02x?} {signature:02x?}");
            assert_eq!(alone, verify_batch(&mut Native, &[claim]).is_ok(), "{public:02x?} {signature:02x?}");
            alone
        };
        assert!(judged(good.0, good.1));
        let mut accepted = 0;
        for byte in 0..96 {
            for bit in 0..8 {
                let (mut public, mut signature) = good;
                match byte {
                    0..32 => public[byte] ^= 1 << bit,
                    _ => signature[byte - 32] ^= 1 << bit,
                }
                accepted += u32::from(judged(public, signature));
            }
        }
        assert_eq!(accepted, 0);
        // Numbers at and beyond the ends of the field and of the group, and where no point is.
        let field = hex("fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2f");
        let order = hex("fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141");
        for odd in [[0; 32], [0xff; 32], field, order] {
            assert!(!judged(odd, good.1));
            for place in [0, 32] {
                let mut signature = good.1;
                signature[place..place + 32].copy_from_slice(&odd);
                assert!(!judged(good.0, signature));
            }
        }
    }

    fn hex(digits: &str) -> [u8; 32] {
        std::array::from_fn(|byte| u8::from_str_radix(&digits[2 * byte..2 * byte + 2], 16).unwrap())
    }

    #[test]
    fn few_and_many_are_found_alike() {
        let checker = checker();
        let digests: Vec<[u8; 32]> = (1..=ONE_BY_ONE_MAX as u8 + 3).map(|byte| [byte; 32]).collect();
        let key = SessionSecret::new(&[7; 32]).unwrap();
        let claim = |digest| {
            let signature = key.sign(digest, &[0; 32]).unwrap();
            SchnorrSigned { public: key.public(), message: digest, signature }
        };
        let good: Vec<_> = digests.iter().map(|digest| claim(digest)).collect();
        for count in 0..=good.len() {
            assert_eq!(checker.culprits(&good[..count]), Vec::<usize>::new());
            for wrong in 0..count {
                let mut claims = good[..count].to_vec();
                claims[wrong].message = b"something else";
                assert_eq!(checker.culprits(&claims), [wrong], "of {count}");
            }
        }
    }

    #[test]
    fn a_message_is_named_as_its_input_is() {
        let signer = Signer::Session { slot: KeySlot::FIRST, epoch: 1 };
        let header = Header { account: AccountId::FIRST, signer, nonce: 5, not_after: Time::NEVER };
        let message = Message { header, commands: vec![Command::OpenSubAccount] };
        let (exchange, bytes) = (ExchangeId([3; 32]), to_bytes(&message));
        let whole = crate::receipt::command_hash(&exchange, &to_bytes(&Input::Message(message)));
        assert_eq!(message_hash(&exchange, &bytes), whole);
    }
}
