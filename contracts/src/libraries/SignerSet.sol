// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

/// @notice A set of signers of whom a number must sign.
library SignerSet {
    error SignerSet_Threshold(uint256 members, uint8 threshold);
    error SignerSet_Order(address after_, address got);
    error SignerSet_Stranger(address got);
    error SignerSet_TooFew(uint8 threshold, uint256 got);
    error SignerSet_Length(uint256 got);

    uint256 internal constant MEMBERS_MAX = 64;
    uint256 private constant SIGNATURE = 65;

    struct Set {
        address[] members;
        mapping(address member => bool) has;
        uint8 threshold;
    }

    /// @notice Puts other members in place of all. They ascend, so none is there twice and none is zero.
    function replace(Set storage set, address[] memory members, uint8 threshold) internal {
        if (members.length > MEMBERS_MAX || threshold > members.length || (threshold == 0 && members.length != 0)) {
            revert SignerSet_Threshold(members.length, threshold);
        }
        for (uint256 i = 0; i < set.members.length; ++i) {
            set.has[set.members[i]] = false;
        }
        address last = address(0);
        for (uint256 i = 0; i < members.length; ++i) {
            if (members[i] <= last) revert SignerSet_Order(last, members[i]);
            last = members[i];
            set.has[last] = true;
        }
        set.members = members;
        set.threshold = threshold;
    }

    /// @notice Returns if enough different members signed the digest. Signatures ascend by signer, so nobody counts twice; a set
    /// of nobody never agrees.
    function check(Set storage set, bytes32 digest, bytes calldata signatures) internal view {
        if (signatures.length % SIGNATURE != 0) revert SignerSet_Length(signatures.length);
        uint256 count = signatures.length / SIGNATURE;
        uint8 threshold = set.threshold;
        if (threshold == 0 || count < threshold || count > MEMBERS_MAX) revert SignerSet_TooFew(threshold, count);
        address last = address(0);
        for (uint256 i = 0; i < count; ++i) {
            bytes calldata one = signatures[SIGNATURE * i:SIGNATURE * (i + 1)];
            address signer = ecrecover(digest, uint8(one[64]), bytes32(one[:32]), bytes32(one[32:64]));
            // A signature that recovers to nobody gives zero, which is not after anybody.
            if (signer <= last) revert SignerSet_Order(last, signer);
            if (!set.has[signer]) revert SignerSet_Stranger(signer);
            last = signer;
        }
    }
}
