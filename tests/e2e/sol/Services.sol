// SPDX-License-Identifier: Apache-2.0
// A contract that uses the city's services well, and in every way they refuse.
pragma solidity ^0.8.28;

import {IParvisEnergy, PARVIS_ENERGY} from "@parvis/interfaces/IParvisEnergy.sol";
import {IParvisMoney, PARVIS_MONEY} from "@parvis/interfaces/IParvisMoney.sol";

contract ServiceUser {
    uint256 public supply; // slot 0

    IParvisMoney private constant MONEY = IParvisMoney(PARVIS_MONEY);

    error OnPurpose();

    function coins() external view returns (uint256) {
        return MONEY.balanceOf(address(this));
    }

    function codeSize() external view returns (uint256) {
        return PARVIS_MONEY.code.length;
    }

    function remember() external {
        supply = MONEY.totalSupply() + IParvisEnergy(PARVIS_ENERGY).operationCount();
    }

    function pay(address to, uint256 amount) public {
        require(MONEY.transfer(to, amount), "not paid");
    }

    function tryPay(address to, uint256 amount) external returns (bool paid, bytes memory reason) {
        try MONEY.transfer(to, amount) returns (bool ok) {
            return (ok, "");
        } catch (bytes memory why) {
            return (false, why);
        }
    }

    function payOrFail(address to, uint256 amount) external {
        pay(to, amount);
        revert OnPurpose();
    }

    function payAndFail(address to, uint256 amount) external {
        try this.payOrFail(to, amount) {
            revert("it had to fail");
        } catch (bytes memory why) {
            require(bytes4(why) == OnPurpose.selector, "for another reason");
        }
    }

    function hold(address payee, uint256 amount) external returns (bytes32) {
        return MONEY.hold(payee, address(this), amount, uint64(block.timestamp + 1 hours), bytes32("test"));
    }

    function release(bytes32 id, address to, uint256 amount) external {
        MONEY.release(id, to, amount);
    }

    // --- each answers whether the call went through, and what it returned ------------------------

    function payByDelegateCall() external returns (bool, bytes memory) {
        return PARVIS_MONEY.delegatecall(abi.encodeCall(MONEY.transfer, (msg.sender, 1)));
    }

    function payByStaticCall() external view returns (bool, bytes memory) {
        return PARVIS_MONEY.staticcall(abi.encodeCall(MONEY.transfer, (msg.sender, 1)));
    }

    function payWithValue() external payable returns (bool, bytes memory) {
        return PARVIS_MONEY.call{value: address(this).balance}(abi.encodeCall(MONEY.transfer, (msg.sender, 1)));
    }

    function unknown() external returns (bool, bytes memory) {
        return PARVIS_MONEY.call(abi.encodeWithSignature("nothing()"));
    }
}
