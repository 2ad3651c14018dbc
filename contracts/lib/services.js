// The city's services for scripts and tests: at fixed addresses, with the ABI that Hardhat made of the
// interfaces.
const { ethers } = require('hardhat');

const money = (signer) =>
  ethers.getContractAt('IParvisMoney', '0x00000000000000000000000000000000c1700001', signer);
const energy = (signer) =>
  ethers.getContractAt('IParvisEnergy', '0x00000000000000000000000000000000c1700002', signer);
const members = (signer) =>
  ethers.getContractAt('IParvisMembers', '0x00000000000000000000000000000000c1700003', signer);
const voting = (signer) =>
  ethers.getContractAt('IParvisVoting', '0x00000000000000000000000000000000c1700004', signer);

module.exports = { money, energy, members, voting };
