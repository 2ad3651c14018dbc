// A thread for the jobs, so that the page goes on answering: { id, name, args } in; { id, share } now and then, and at the
// end { id, result } or { id, error } out.
import { jobs } from './jobs.mjs';

addEventListener('message', ({ data: { id, name, args } }) => {
  try {
    const work = jobs[name](args);
    let told = 0;
    for (;;) {
      const { done, value } = work.next();
      if (done) { postMessage({ id, result: value }); return; }
      if (performance.now() - told > 100) { told = performance.now(); postMessage({ id, share: value }); }
    }
  } catch (e) {
    postMessage({ id, error: { code: e.code, detail: e.detail, message: e.message } });
  }
});
