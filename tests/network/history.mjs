// The history checkers. An operation is
//   { kind, args, invoked, completed, block, index, ok, value }
// with the times at which its client began and knew its outcome (completed: undefined when it never
// did), its place in the chain, and its outcome as its event tells it. Each check returns a list of
// sentences, empty when nothing is wrong.

const place = (op) => `${op.kind}(${(op.args ?? []).join(', ')}) at ${op.block}.${op.index}`;

export function inOrder(operations) {
  return operations.filter((op) => op.block !== undefined)
    .sort((a, b) => a.block - b.block || a.index - b.index);
}

// The chain's order must respect real time: who was answered before another began comes before it.
export function checkRealTime(operations) {
  const faults = [];
  const ordered = inOrder(operations);
  let earliest = Infinity, of = null; // completion among the operations that come later in the chain
  for (let i = ordered.length - 1; i >= 0; i--) {
    if (earliest < ordered[i].invoked)
      faults.push(`${place(of)} was answered before ${place(ordered[i])} began, and comes after it`);
    if (ordered[i].completed !== undefined && ordered[i].completed < earliest) {
      earliest = ordered[i].completed;
      of = ordered[i];
    }
  }
  for (let i = 1; i < ordered.length; i++)
    if (ordered[i].block === ordered[i - 1].block && ordered[i].index === ordered[i - 1].index)
      faults.push(`${place(ordered[i])} and ${place(ordered[i - 1])} share a place`);
  return faults;
}

// A register: write(v) -> old value; cas(a, b) -> ok and the value found; read() -> the value.
export function checkRegister(operations, initial = 0n) {
  const faults = [];
  let value = initial;
  for (const op of inOrder(operations)) {
    if (op.value !== value)
      faults.push(`${place(op)} found ${op.value}, the register held ${value}`);
    const should = op.kind !== 'cas' || op.args[0] === value;
    if (op.ok !== should)
      faults.push(`${place(op)} ${op.ok ? 'succeeded' : 'failed'} on ${value}`);
    if (op.kind === 'write') value = op.args[0];
    else if (op.kind === 'cas' && should) value = op.args[1];
  }
  return [...faults, ...checkRealTime(operations)];
}

// A set that counts: add(x) -> how often x is there now. final: Map of element -> how often at the end,
// for every element ever attempted; size: how many additions the contract counted.
export function checkSet(operations, final, size) {
  const faults = [];
  let present = 0;
  const attempted = new Set(operations.map((op) => op.args[0]));
  for (const op of operations) {
    const count = final.get(op.args[0]) ?? 0;
    if (op.completed !== undefined && count === 0) faults.push(`${place(op)} was acknowledged and is lost`);
    if (op.completed !== undefined && op.value !== 1n) faults.push(`${place(op)} counted ${op.value}`);
  }
  for (const [element, count] of final) {
    if (count > 1) faults.push(`element ${element} is there ${count} times`);
    if (count > 0 && !attempted.has(element)) faults.push(`element ${element} was never added`);
    present += count;
  }
  if (present !== size) faults.push(`the set counts ${size} elements, ${present} of those added are there`);
  return [...faults, ...checkRealTime(operations)];
}

// Chains of several members, [{ name, blocks: [{ hash, txs }] }], from block number `from` on, and the
// transactions whose receipts were seen in them, hash -> { number, hash, index }.
export function checkChains(chains, seen, from = 0) {
  const faults = [];
  const [first, ...others] = chains;
  for (const other of others) {
    if (other.blocks.length !== first.blocks.length)
      faults.push(`${other.name} has ${other.blocks.length} blocks, ${first.name} ${first.blocks.length}`);
    const length = Math.min(other.blocks.length, first.blocks.length);
    for (let n = 0; n < length; n++) {
      if (other.blocks[n].hash !== first.blocks[n].hash) {
        faults.push(`FORK at block ${from + n}: ${first.name} has ${first.blocks[n].hash}, ${other.name} has ${other.blocks[n].hash}`);
        break; // all after it differ too
      }
    }
  }
  for (const chain of chains) {
    const where = new Map();
    for (const [i, block] of chain.blocks.entries()) {
      const n = from + i;
      for (const [index, hash] of block.txs.entries()) {
        if (where.has(hash)) faults.push(`${chain.name}: ${hash} is in block ${where.get(hash).n} and in ${n}`);
        where.set(hash, { n, index });
      }
    }
    let missing = 0;
    for (const [hash, sight] of seen) {
      const at = where.get(hash);
      if (at && at.n === sight.number && at.index === sight.index) continue;
      if (++missing <= 3) faults.push(`${chain.name}: ${hash}, seen in block ${sight.number}, is ${at ? `in ${at.n}` : 'LOST'}`);
    }
    if (missing > 3) faults.push(`${chain.name}: ${missing} transactions with a seen receipt are not where they were`);
  }
  return faults;
}
