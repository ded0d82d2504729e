//! What stands under a record of the journal: the chain of receipts up to it, and the signature if its group ended there.

use ashlar_replica::Certificate;
use ashlar_types::Sequence;

use crate::receipt::ChainHash;

/// The first byte of the form that is written. The form before it lacked the L1 block.
const VERSION: u8 = 2;
const WITHOUT_BLOCK: u8 = 1;

/// The certificate of one record.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct GroupCertificate {
    /// The chain before the record's first input.
    pub previous: ChainHash,
    /// The chain up to its last input.
    pub head: ChainHash,
    /// The number of the first command of that input.
    pub last: Sequence,
    /// The hash of the L1 block of the last inbox entry before the record, with which its first links were made.
    pub l1_before: Option<[u8; 32]>,
    /// The node's signature, where the group ended.
    pub signature: Option<[u8; 64]>,
}

/// A certificate that says nothing.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the certificate of {got} bytes is of no form that this program knows")]
pub struct CertificateError {
    /// How long it is.
    pub got: usize,
}

impl GroupCertificate {
    /// As the journal keeps it.
    pub fn encode(&self) -> Certificate {
        let mut bytes = vec![if self.l1_before.is_some() { VERSION } else { WITHOUT_BLOCK }];
        bytes.extend(self.previous.0);
        bytes.extend(self.head.0);
        bytes.extend(self.last.get().to_be_bytes());
        bytes.extend(self.l1_before.iter().flatten());
        bytes.extend(self.signature.iter().flatten());
        Certificate::new(bytes).unwrap_or_default()
    }

    /// From what the journal kept.
    pub fn decode(certificate: &Certificate) -> Result<GroupCertificate, CertificateError> {
        let bytes = certificate.as_bytes();
        let read = || {
            let (version, rest) = bytes.split_first()?;
            let (previous, rest) = rest.split_first_chunk::<32>()?;
            let (head, rest) = rest.split_first_chunk::<32>()?;
            let (last, rest) = rest.split_first_chunk::<8>()?;
            let (l1_before, rest) = match *version {
                VERSION => rest.split_first_chunk::<32>().map(|(block, rest)| (Some(*block), rest))?,
                WITHOUT_BLOCK => (None, rest),
                _ => return None,
            };
            let signature = match rest.len() {
                0 => None,
                _ => Some(*<&[u8; 64]>::try_from(rest).ok()?),
            };
            let (previous, head) = (ChainHash(*previous), ChainHash(*head));
            let last = Sequence::new(u64::from_be_bytes(*last));
            Some(GroupCertificate { previous, head, last, l1_before, signature })
        };
        read().ok_or(CertificateError { got: bytes.len() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_come_back_and_nothing_else_is_read() {
        let (previous, head) = (ChainHash([6; 32]), ChainHash([7; 32]));
        let plain = GroupCertificate { previous, head, last: Sequence::new(9), l1_before: None, signature: None };
        let with_block = GroupCertificate { l1_before: Some([5; 32]), ..plain };
        let signed = |certificate| GroupCertificate { signature: Some([3; 64]), ..certificate };
        for certificate in [plain, signed(plain), with_block, signed(with_block)] {
            let encoded = certificate.encode();
            assert_eq!(GroupCertificate::decode(&encoded), Ok(certificate));
            let mut longer = encoded.as_bytes().to_vec();
            longer.push(0);
            assert!(GroupCertificate::decode(&Certificate::new(longer).unwrap()).is_err());
            let shorter = encoded.as_bytes()[..encoded.as_bytes().len() - 1].to_vec();
            assert!(GroupCertificate::decode(&Certificate::new(shorter).unwrap()).is_err());
        }
        assert!(GroupCertificate::decode(&Certificate::default()).is_err());
    }
}
