// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Counter} from "./Counter.sol";
import {ERC1967Proxy} from "@openzeppelin/contracts/proxy/ERC1967/ERC1967Proxy.sol";

interface Vm {
    function startBroadcast() external;
    function stopBroadcast() external;
}

/// Several transactions of one script: two creations and two calls.
contract Deploy {
    Vm private constant VM = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    function run() external returns (Counter counter, address proxy) {
        VM.startBroadcast();
        counter = new Counter{value: 1 ether}(40);
        counter.add(2);
        proxy = address(new ERC1967Proxy(address(counter), abi.encodeCall(Counter.add, (4))));
        Counter(proxy).add(1);
        VM.stopBroadcast();
        require(counter.number() == 42 && Counter(proxy).number() == 5, "counted");
    }
}
