// Hardhat with a Parvis node as its network.
//   PARVIS_URL    where the node answers (default http://127.0.0.1:8545)
//   PARVIS_KEYS   private keys that sign, separated by commas; without it the accounts of the
//                 mnemonic below, which everybody knows: for a ledger of tests only
require('@nomicfoundation/hardhat-ethers');
require('@nomicfoundation/hardhat-chai-matchers');
const { subtask } = require('hardhat/config');
const { TASK_COMPILE_SOLIDITY_GET_SOLC_BUILD } = require('hardhat/builtin-tasks/task-names');
const solc = require('solc/package.json');

// The compiler is the npm package that package-lock.json pins, so building needs no other download.
subtask(TASK_COMPILE_SOLIDITY_GET_SOLC_BUILD, async (args, hre, runSuper) => {
  if (args.solcVersion !== solc.version) return runSuper();
  return {
    compilerPath: require.resolve('solc/soljson.js'),
    isSolcJs: true,
    version: solc.version,
    longVersion: require('solc').version(),
  };
});

const mnemonic = 'test test test test test test test test test test test junk';

module.exports = {
  solidity: {
    version: solc.version,
    settings: { evmVersion: 'osaka', optimizer: { enabled: true, runs: 200 } },
  },
  paths: { sources: 'src' },
  networks: {
    parvis: {
      url: process.env.PARVIS_URL ?? 'http://127.0.0.1:8545',
      gasPrice: 0, // the city takes no fees; a quota of gas bounds what an account may use
      accounts: process.env.PARVIS_KEYS?.split(',') ?? { mnemonic, count: 4 },
    },
  },
};
