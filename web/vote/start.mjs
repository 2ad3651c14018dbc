// One document serves all pages (tools/embed.py); its address tells which.
const name = location.pathname.match(/([a-z]+)\.html$/)?.[1] ?? 'voter';
await import(`./${name}.mjs`);
