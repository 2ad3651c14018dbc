// JSON-RPC to members over kept connections, and the engine's own interface over its socket.
import http from 'node:http';

export class RpcError extends Error {
  constructor(error) {
    super(error.message);
    this.code = error.code;
  }
}

// One member's JSON-RPC. call and batch reject when the member does not answer within the time.
export class Rpc {
  constructor(host, port, timeoutMs = 2500) {
    Object.assign(this, { host, port, timeoutMs, number: 0 });
    this.agent = new http.Agent({ keepAlive: true, maxSockets: 16, keepAliveMsecs: 1000 });
  }

  post(body, timeoutMs) {
    return new Promise((resolve, reject) => {
      const request = http.request({
        host: this.host, port: this.port, method: 'POST', agent: this.agent,
        headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
      }, (response) => {
        const parts = [];
        response.on('data', (part) => parts.push(part));
        response.on('error', fail);
        response.on('end', () => {
          clearTimeout(timer);
          try {
            resolve(JSON.parse(Buffer.concat(parts).toString()));
          } catch (error) {
            reject(error);
          }
        });
      });
      const fail = (error) => {
        clearTimeout(timer);
        reject(error);
      };
      // a member that was stopped keeps its connections open and answers nothing
      const timer = setTimeout(() => request.destroy(new Error('no answer in time')), timeoutMs);
      request.on('error', fail);
      request.end(body);
    });
  }

  async call(method, params = [], timeoutMs = this.timeoutMs) {
    const reply = await this.post(
      JSON.stringify({ jsonrpc: '2.0', id: ++this.number, method, params }), timeoutMs);
    if (reply.error) throw new RpcError(reply.error);
    return reply.result;
  }

  // [[method, params], ...] -> [{ result } | { error }, ...] in the same order
  async batch(calls, timeoutMs = this.timeoutMs) {
    if (!calls.length) return [];
    const reply = await this.post(JSON.stringify(calls.map(([method, params], id) => (
      { jsonrpc: '2.0', id, method, params }))), timeoutMs);
    if (!Array.isArray(reply)) throw new RpcError(reply.error ?? { message: 'no batch', code: 0 });
    const byId = [];
    for (const answer of reply) byId[answer.id] = answer;
    return byId;
  }

  close() {
    this.agent.destroy();
  }
}

// GET of the engine's interface (CometBFT's RPC) over its Unix socket.
export function engineGet(socketPath, target, timeoutMs = 3000) {
  return new Promise((resolve, reject) => {
    const request = http.get({ socketPath, path: target, headers: { host: 'engine' } }, (response) => {
      const parts = [];
      response.on('data', (part) => parts.push(part));
      response.on('error', fail);
      response.on('end', () => {
        clearTimeout(timer);
        try {
          const reply = JSON.parse(Buffer.concat(parts).toString());
          if (reply.error) reject(new RpcError(reply.error));
          else resolve(reply.result);
        } catch (error) {
          reject(error);
        }
      });
    });
    const fail = (error) => {
      clearTimeout(timer);
      reject(error);
    };
    const timer = setTimeout(() => request.destroy(new Error('no answer in time')), timeoutMs);
    request.on('error', fail);
  });
}

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// until(test, ms): waits for a true value of an async test that may throw; undefined after the time.
export async function until(test, ms, stepMs = 50) {
  const end = performance.now() + ms;
  for (;;) {
    try {
      const value = await test();
      if (value) return value;
    } catch { /* not yet */ }
    if (performance.now() >= end) return undefined;
    await sleep(stepMs);
  }
}

// A small generator of its own, so that a seed repeats a run's choices.
export class Random {
  constructor(seed) {
    this.state = BigInt(seed) * 0x9e3779b97f4a7c15n + 1n & 0xffffffffffffffffn;
  }

  next() {
    let x = this.state || 1n;
    x ^= x << 13n & 0xffffffffffffffffn;
    x ^= x >> 7n;
    x ^= x << 17n & 0xffffffffffffffffn;
    this.state = x & 0xffffffffffffffffn;
    return Number(this.state * 0x2545f4914f6cdd1dn >> 11n & 0x1fffffffffffffn);
  }

  below(n) {
    return this.next() % n;
  }

  between(low, high) {
    return low + this.below(high - low + 1);
  }

  pick(list) {
    return list[this.below(list.length)];
  }

  shuffle(list) {
    const out = [...list];
    for (let i = out.length - 1; i > 0; i--) {
      const k = this.below(i + 1);
      [out[i], out[k]] = [out[k], out[i]];
    }
    return out;
  }
}
