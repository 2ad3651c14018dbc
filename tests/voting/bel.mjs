// Archives of Belenios, read into their events and written again with a chain that holds, so that a test
// can change one thing and leave the rest consistent.
import { createHash } from 'node:crypto';

export const sha256 = (text) => createHash('sha256').update(text).digest('hex');
export const b64 = (text) => createHash('sha256').update(text).digest('base64').replace(/=$/, '');

// -> { timestamp, events: [{ type, data: [text...] }] }; the payload is the last of the data
export function readArchive(bytes) {
  const events = [];
  let data = [], timestamp;
  for (let at = 0; at < bytes.length;) {
    const text = (from, len) => bytes.toString('latin1', at + from, at + from + len).replace(/\0.*$/s, '');
    const name = text(0, 100), size = parseInt(text(124, 12), 8);
    const body = bytes.toString('utf8', at + 512, at + 512 + size);
    if (name === 'BELENIOS') ({ timestamp } = JSON.parse(body));
    else if (name.endsWith('.event.json')) {
      events.push({ type: JSON.parse(body).type, data });
      data = [];
    } else data.push(body);
    at += 512 + Math.ceil(size / 512) * 512;
  }
  return { timestamp: Number(timestamp), events };
}

function record(name, body, timestamp) {
  const content = Buffer.from(body, 'utf8'), header = Buffer.alloc(512);
  const octal = (n, digits) => n.toString(8).padStart(digits, '0');
  header.write(name, 0);
  for (const at of [100, 108, 116]) header.write(at === 100 ? '0000644' : '0000000', at);
  header.write(octal(content.length, 11), 124);
  header.write(octal(timestamp, 11), 136);
  header.write('        ', 148);
  header.write('0', 156);
  header.write(octal(header.reduce((sum, byte) => sum + byte, 0), 6) + '\0 ', 148);
  return Buffer.concat([header, content, Buffer.alloc((512 - content.length % 512) % 512)]);
}

export function writeArchive({ timestamp, events }) {
  const parts = [record('BELENIOS', JSON.stringify({ version: 1, timestamp: String(timestamp) }), timestamp)];
  let parent;
  events.forEach(({ type, data }, i) => {
    for (const body of data) parts.push(record(`${sha256(body)}.data.json`, body, timestamp));
    const event = { ...(parent && { parent }), height: i, type, ...(data.length && { payload: sha256(data.at(-1)) }) };
    parent = sha256(JSON.stringify(event));
    parts.push(record(`${parent}.event.json`, JSON.stringify(event), timestamp));
  });
  return Buffer.concat(parts);
}

// A copy in which the index-th event of a type has gone through change(data) -> data.
export function change(archive, type, index, edit) {
  const at = archive.events.map((e, i) => [e, i]).filter(([e]) => e.type === type)[index][1];
  const events = archive.events.map((e, i) => i === at ? { ...e, data: edit(e.data) } : e);
  return { ...archive, events };
}

// The same for a document of an event whose payload names it by hash.
export const owned = (edit) => ([body, owner]) => {
  const changed = edit(body);
  return [changed, owner.replace(sha256(body), sha256(changed))];
};

// Changes the last digit of the n-th match of a pattern like /"response":"\d+/g.
export function bump(text, pattern, n = 0) {
  const found = [...text.matchAll(pattern)][n];
  const at = found.index + found[0].length - 1;
  const digit = parseInt(text[at], 16);
  return text.slice(0, at) + (digit + 1) % 10 + text.slice(at + 1);
}
