// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Test} from "./Vm.sol";
import {DevelopmentToken} from "../src/DevelopmentToken.sol";

/// @notice The token that development chains give away: anybody makes it, and otherwise it is a token like any other.
contract DevelopmentTokenTest is Test {
    DevelopmentToken private token;
    address private alice = address(0xB1);
    address private bob = address(0xB2);

    function setUp() public {
        token = new DevelopmentToken("Dollars", "USDX", 6);
        token.mint(alice, 100);
    }

    function test_it_says_what_it_is() public view {
        same(bytes(token.name()), "Dollars");
        same(bytes(token.symbol()), "USDX");
        same(6, token.decimals());
        same(100, token.totalSupply());
    }

    function test_nobody_moves_more_than_there_is() public {
        vm.prank(alice);
        truth(token.transfer(bob, 40), "a transfer");
        same(60, token.balanceOf(alice));
        same(40, token.balanceOf(bob));
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(DevelopmentToken.DevelopmentToken_Balance.selector, alice, 60, 61));
        token.transfer(bob, 61);
    }

    function test_nobody_takes_more_than_was_allowed() public {
        vm.prank(alice);
        truth(token.approve(bob, 30), "an approval");
        vm.prank(bob);
        truth(token.transferFrom(alice, bob, 10), "a part of it");
        same(20, token.allowance(alice, bob));
        vm.prank(bob);
        vm.expectRevert(abi.encodeWithSelector(DevelopmentToken.DevelopmentToken_Allowance.selector, bob, 20, 21));
        token.transferFrom(alice, bob, 21);
    }

    function test_what_is_allowed_without_end_is_not_counted() public {
        vm.prank(alice);
        token.approve(bob, type(uint256).max);
        vm.prank(bob);
        token.transferFrom(alice, bob, 10);
        same(type(uint256).max, token.allowance(alice, bob));
    }
}
