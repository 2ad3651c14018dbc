// The clock of one running process, moved: its own copy of the kernel's clock functions (the vDSO, which
// Go programs and libc alike read the time from) is overwritten by one that asks the kernel and adds to the
// wall clock. Monotonic clocks stay. A process that is started again has the right time again.
import { closeSync, openSync, readFileSync, readSync, writeSync } from 'node:fs';
import { until } from './rpc.mjs';

export const clockCanMove = process.arch === 'x64';

// Offsets of the vDSO's functions, by name, out of its dynamic symbols.
function functions(image) {
  const out = {};
  const u64 = (at) => Number(image.readBigUInt64LE(at));
  const sections = u64(0x28), size = image.readUInt16LE(0x3a), count = image.readUInt16LE(0x3c);
  const section = (i) => {
    const at = sections + i * size;
    return { type: image.readUInt32LE(at + 4), offset: u64(at + 0x18), size: u64(at + 0x20), link: image.readUInt32LE(at + 0x28) };
  };
  for (let i = 0; i < count; i++) {
    const symbols = section(i);
    if (symbols.type !== 11) continue; // SHT_DYNSYM
    const names = section(symbols.link);
    for (let at = symbols.offset; at < symbols.offset + symbols.size; at += 24) {
      const name = names.offset + image.readUInt32LE(at);
      out[image.toString('latin1', name, image.indexOf(0, name))] = u64(at + 8);
    }
  }
  return out;
}

const bytes = (hex) => Buffer.from(hex.replace(/\s/g, ''), 'hex');
const imm32 = (n) => {
  const b = Buffer.alloc(4);
  b.writeInt32LE(n);
  return b;
};

// System call `number`; when it went well, and rdi is zero (the wall clock) if that is asked, the seconds
// that [pointer] begins with are moved.
function code(number, seconds, whenZero, pointer) {
  const move = Buffer.concat([bytes(pointer === 'rsi' ? '48 81 06' : '48 81 07'), imm32(seconds)]);
  const parts = [Buffer.concat([bytes('b8'), imm32(number), bytes('0f 05')])];
  const tail = Buffer.concat([move, bytes('c3')]);
  const zero = whenZero ? Buffer.concat([bytes('85 ff'), bytes('75'), Buffer.from([move.length])]) : Buffer.alloc(0);
  parts.push(bytes('85 c0'), bytes('75'), Buffer.from([zero.length + move.length]), zero, tail);
  return Buffer.concat(parts);
}

// time(t): the wall clock's seconds as the result; *t is not written, nobody here asks for that.
const timeCode = (seconds) => Buffer.concat([bytes('31 ff b8'), imm32(201), bytes('0f 05 48 05'), imm32(seconds), bytes('c3')]);

// Stands still until every thread does: none may run what is being written.
async function stopped(pid, act) {
  process.kill(pid, 'SIGSTOP');
  try {
    await until(() => /^\d+ \(.*\) T /s.test(readFileSync(`/proc/${pid}/stat`, 'latin1')), 2000, 2);
    act();
  } finally {
    process.kill(pid, 'SIGCONT');
  }
}

// moveClock(pid, seconds): from now on, for as long as the process lives. 0 sets it right again.
export function moveClock(pid, seconds) {
  return stopped(pid, () => overwrite(pid, seconds));
}

function overwrite(pid, seconds) {
  const line = readFileSync(`/proc/${pid}/maps`, 'utf8').split('\n').find((l) => l.includes('[vdso]'));
  const [from, to] = line.split(' ')[0].split('-').map((x) => parseInt(x, 16));
  const memory = openSync(`/proc/${pid}/mem`, 'r+');
  try {
    const image = Buffer.alloc(to - from);
    readSync(memory, image, 0, image.length, from);
    const at = functions(image);
    const put = (name, content) => writeSync(memory, content, 0, content.length, from + at[name]);
    put('__vdso_clock_gettime', code(228, seconds, true, 'rsi'));
    put('__vdso_gettimeofday', code(96, seconds, false, 'rdi'));
    put('__vdso_time', timeCode(seconds));
  } finally {
    closeSync(memory);
  }
}
