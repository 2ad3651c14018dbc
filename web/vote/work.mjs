// The page's side of the worker: work('makeBallot', args, (share) => ..) is a promise of the job's result.
import { VoteError } from './crypto/election.mjs';

let worker, next = 0;
const waiting = new Map();

function start() {
  worker = new Worker('/vote/worker.mjs', { type: 'module' });
  worker.addEventListener('message', ({ data: { id, share, result, error } }) => {
    const job = waiting.get(id);
    if (!job) return;
    if (share !== undefined) { job.told?.(share); return; }
    waiting.delete(id);
    if (!error) job.resolve(result);
    else job.reject(error.code ? new VoteError(error.code, error.detail) : new Error(error.message));
  });
  worker.addEventListener('error', (e) => {
    for (const job of waiting.values()) job.reject(new Error(e.message || 'the worker did not start'));
    waiting.clear();
    worker = undefined;
  });
}

export function work(name, args, told) {
  if (!worker) start();
  return new Promise((resolve, reject) => {
    waiting.set(++next, { resolve, reject, told });
    worker.postMessage({ id: next, name, args });
  });
}
