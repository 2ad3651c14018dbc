// Prints the creation code of the token whose transfers script/bench counts, compiled on the spot.
import { compile } from '../tests/e2e/solc.mjs';

console.log(compile('sol/LoadToken.sol').LoadToken.bytecode);
