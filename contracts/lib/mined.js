// Waits for a transaction's receipt. A node makes a block within milliseconds of a transaction, while
// Hardhat's own wait() may look only twice a second.
const { ethers } = require('hardhat');

async function mined(sent) {
  const { hash } = await sent;
  for (;;) {
    const receipt = await ethers.provider.getTransactionReceipt(hash);
    if (receipt?.status === 0) throw new Error(`transaction ${hash} failed`);
    if (receipt) return receipt;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

module.exports = { mined };
