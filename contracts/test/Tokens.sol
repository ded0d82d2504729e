// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

/// @notice An honest token, on which the dishonest ones build.
contract Token {
    mapping(address account => uint256 amount) internal balances;
    mapping(address owner => mapping(address spender => uint256 amount)) public allowance;

    function balanceOf(address account) public view virtual returns (uint256) {
        return balances[account];
    }

    function mint(address to, uint256 amount) external {
        balances[to] += amount;
    }

    function approve(address spender, uint256 amount) external returns (bool) {
        allowance[msg.sender][spender] = amount;
        return true;
    }

    function transfer(address to, uint256 amount) external virtual returns (bool) {
        move(msg.sender, to, amount);
        return true;
    }

    function transferFrom(address from, address to, uint256 amount) external virtual returns (bool) {
        allowance[from][msg.sender] -= amount;
        move(from, to, amount);
        return true;
    }

    function move(address from, address to, uint256 amount) internal virtual {
        balances[from] -= amount;
        balances[to] += amount;
    }
}

/// @notice Takes one part in a hundred of what moves.
contract FeeToken is Token {
    function move(address from, address to, uint256 amount) internal override {
        balances[from] -= amount;
        balances[to] += amount - amount / 100;
    }
}

/// @notice Says no, and does nothing, without reverting.
contract FalseToken is Token {
    function transferFrom(address, address, uint256) external pure override returns (bool) {
        return false;
    }
}

/// @notice Says yes, and does nothing.
contract IdleToken is Token {
    function transferFrom(address, address, uint256) external pure override returns (bool) {
        return true;
    }
}

/// @notice Answers with nothing, as old tokens do.
contract SilentToken {
    mapping(address account => uint256 amount) public balanceOf;

    function mint(address to, uint256 amount) external {
        balanceOf[to] += amount;
    }

    function transfer(address to, uint256 amount) external {
        balanceOf[msg.sender] -= amount;
        balanceOf[to] += amount;
    }

    function transferFrom(address from, address to, uint256 amount) external {
        balanceOf[from] -= amount;
        balanceOf[to] += amount;
    }
}

/// @notice Shows balances by a factor that somebody changes.
contract RebasingToken is Token {
    uint256 public factor = 100;

    function rebase(uint256 factor_) external {
        factor = factor_;
    }

    function balanceOf(address account) public view override returns (uint256) {
        return balances[account] * factor / 100;
    }

    function move(address from, address to, uint256 amount) internal override {
        balances[from] -= amount * 100 / factor;
        balances[to] += amount * 100 / factor;
    }
}

/// @notice Calls somebody back in the middle of a transfer, with whatever it was told.
contract HookToken is Token {
    address public target;
    bytes public data;
    bool public done;
    bytes public answer;

    function aim(address target_, bytes calldata data_) external {
        (target, data) = (target_, data_);
    }

    function move(address from, address to, uint256 amount) internal override {
        if (target != address(0)) (done, answer) = target.call(data);
        super.move(from, to, amount);
    }
}

/// @notice Calls somebody back when it is paid ether.
contract Reenterer {
    address public target;
    bytes public data;
    bool public done;
    bool public called;

    function aim(address target_, bytes calldata data_) external {
        (target, data) = (target_, data_);
    }

    receive() external payable {
        called = true;
        (done,) = target.call(data);
    }
}

/// @notice Cannot be paid ether.
contract Unpayable {
    function run(address target, bytes calldata data) external returns (bool done) {
        (done,) = target.call(data);
    }
}
