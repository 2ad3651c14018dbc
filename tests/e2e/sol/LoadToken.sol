// SPDX-License-Identifier: Apache-2.0
// The token of script/bench: OpenZeppelin's ERC-20 and nothing else.
pragma solidity ^0.8.28;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

contract LoadToken is ERC20 {
    constructor() ERC20("Load", "LOAD") {
        _mint(msg.sender, 10 ** 30);
    }
}
