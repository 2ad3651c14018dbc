// The signing program (signer.c) as a co-process: lines in, lines out, in order.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import readline from 'node:readline';
import { build } from './cluster.mjs';

export class Signer {
  constructor(chainId) {
    this.child = spawn(join(build, 'signer'), [String(chainId)], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.waiting = [];
    readline.createInterface({ input: this.child.stdout }).on('line', (line) => this.waiting.shift().resolve(line));
    this.child.once('exit', (code) => {
      for (const w of this.waiting) w.reject(new Error(`the signer ended with ${code}`));
    });
  }

  ask(line) {
    return new Promise((resolve, reject) => {
      this.waiting.push({ resolve, reject });
      this.child.stdin.write(`${line}\n`);
    });
  }

  address(key) {
    return this.ask(`address ${key}`);
  }

  // -> { hash, raw }
  async sign({ key, nonce, gas = 21000, value = 0n, to = '-', data = '-' }) {
    const [hash, raw] = (await this.ask(`sign ${key} ${nonce} ${gas} ${value} ${to} ${data}`)).split(' ');
    return { hash, raw };
  }

  end() {
    this.child.stdin.end();
  }
}
