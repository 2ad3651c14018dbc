// Deploys a SharedRoom and tells its address:
//   OPERATION=1 PRICE=5 npx hardhat run scripts/deploy.js --network parvis
// OPERATION     the energy operation whose members have a price of their own (required)
// PRICE         coins for a slot (default 5)
// MEMBER_PRICE  for members while the sun is shared (default PRICE)
// SUNNY_KWH     shared on the last settled day to be called sunny (default 100)
// SLOT_MINUTES  length of a slot (default 60)
const { ethers } = require('hardhat');
const { energy } = require('../lib/services');

async function main() {
  const { OPERATION, PRICE = '5', MEMBER_PRICE = PRICE, SUNNY_KWH = '100', SLOT_MINUTES = '60' } =
    process.env;
  if (!OPERATION) throw new Error('OPERATION: the number of an energy operation');
  const [owner] = await ethers.getSigners();
  await (await energy()).operation(OPERATION); // UnknownOperation if there is none
  const room = await ethers.deployContract('SharedRoom', [owner, OPERATION, {
    slotSeconds: Number(SLOT_MINUTES) * 60,
    graceSeconds: 7 * 86400,
    price: ethers.parseEther(PRICE),
    memberPrice: ethers.parseEther(MEMBER_PRICE),
    sunnyWh: BigInt(SUNNY_KWH) * 1000n,
    freshSeconds: 3 * 86400,
  }]);
  await room.waitForDeployment();
  console.log(await room.getAddress());
}

main().catch((error) => {
  console.error(error.message);
  process.exitCode = 1;
});
