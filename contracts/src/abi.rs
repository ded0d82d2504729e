//! The interfaces, made from the committed artifacts. Struct types shared by several interfaces live beside the one named first.

#![allow(missing_docs, clippy::too_many_arguments, clippy::pub_underscore_fields)]

use alloy::sol;

sol!(
    #[sol(rpc)]
    #[derive(Debug, PartialEq, Eq)]
    ISettlement,
    "artifacts/ISettlement.json"
);

sol!(
    #[sol(rpc)]
    #[derive(Debug, PartialEq, Eq)]
    IBridge,
    "artifacts/IBridge.json"
);

sol!(
    #[sol(rpc)]
    #[derive(Debug, PartialEq, Eq)]
    IVerifierRegistry,
    "artifacts/IVerifierRegistry.json"
);

sol!(
    #[sol(rpc)]
    #[derive(Debug, PartialEq, Eq)]
    IVerifier,
    "artifacts/IVerifier.json"
);

sol!(
    #[sol(rpc)]
    #[derive(Debug, PartialEq, Eq)]
    IGovernance,
    "artifacts/IGovernance.json"
);

sol!(
    #[sol(rpc)]
    #[derive(Debug, PartialEq, Eq)]
    IIncidentLog,
    "artifacts/IIncidentLog.json"
);

sol!(
    #[sol(rpc)]
    #[derive(Debug, PartialEq, Eq)]
    DevelopmentToken,
    "artifacts/DevelopmentToken.json"
);

sol! {
    /// Of a verifier that counts signers; artifacts have interfaces that several contracts share, and this is one contract's own.
    #[derive(Debug, PartialEq, Eq)]
    interface IAttestationVerifier {
        function members() external view returns (address[] memory members, uint8 threshold);
    }
}
