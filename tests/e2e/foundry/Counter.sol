// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";

contract Counter is Ownable {
    uint256 public number;

    error TooLarge(uint256 asked, uint256 limit);

    event Counted(address indexed by, uint256 number);

    constructor(uint256 start) payable Ownable(msg.sender) {
        number = start;
    }

    function add(uint256 by) external returns (uint256) {
        if (by > 1000) revert TooLarge(by, 1000);
        number += by;
        emit Counted(msg.sender, number);
        return number;
    }

    function reset() external onlyOwner {
        number = 0;
    }
}
