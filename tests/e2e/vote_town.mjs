// A node with consultations, for tests: calls of the voting service's ABI signed here, views, and the command line.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ethers } from 'ethers';
import { cli, rpc, startNode } from './node.mjs';
import { run } from '../../web/vote/crypto/ballot.mjs';
import { credentialKey, credentialSecret, newCredential } from '../../web/vote/crypto/credential.mjs';
import { newSeed } from '../../web/vote/crypto/trustees.mjs';
import { concat } from '../../web/vote/crypto/bytes.mjs';
import { jobs } from '../../web/vote/jobs.mjs';
import { METHODS } from '../../web/vote/chain/voting.mjs';
import { encodeCall, decodeResult } from '../../web/vote/chain/abi.mjs';
import { signTransaction } from '../../web/vote/chain/tx.mjs';

export const VOTING = '0x00000000000000000000000000000000c1700004';
export const pause = (ms) => new Promise((done) => { setTimeout(done, ms); });

export class Town {
  static async open() {
    const t = new Town();
    t.node = await startNode();
    t.url = t.node.url;
    t.admin = '0x' + readFileSync(join(t.node.home, 'admin.hex'), 'utf8').trim().replace(/^0x/, '');
    t.chainId = BigInt((await rpc(t.url, 'eth_chainId')).result);
    return t;
  }
  stop() { return this.node.stop(); }
  async view(name, ...args) {
    const { result, error } = await rpc(this.url, 'eth_call', [{ to: VOTING, data: ethers.hexlify(encodeCall(METHODS[name], args)) }, 'latest']);
    assert.equal(error, undefined, `${name}: ${error?.message}`);
    return decodeResult(METHODS[name], ethers.getBytes(result));
  }
  async status(id) { return Buffer.from((await this.view('consultation', id)).record.status).toString().replace(/\0/g, ''); }
  async until(id, status) { while (await this.status(id) !== status) await pause(100); }
  async send(key, name, ...args) {
    const from = new ethers.Wallet(key).address, nonce = BigInt((await rpc(this.url, 'eth_getTransactionCount', [from, 'pending'])).result);
    const { raw, hash } = signTransaction(ethers.getBytes(key), { chainId: this.chainId, nonce, gas: 16000000, to: VOTING, data: encodeCall(METHODS[name], args) });
    const sent = await rpc(this.url, 'eth_sendRawTransaction', [raw]);
    assert.equal(sent.error, undefined, `${name}: ${sent.error?.message}`);
    for (;;) {
      const { result } = await rpc(this.url, 'eth_getTransactionReceipt', [hash]);
      if (result) { assert.equal(result.status, '0x1', name); return result; }
      await pause(30);
    }
  }
  vote(...args) { return cli(this.node.home, 'vote', ...args, '--rpc', this.url, '--json'); }

  // Adds voters with these credentials, of weight 1.
  async enrol(id, credentials) {
    const { record: { uuid } } = await this.view('consultation', id);
    const roll = credentials.map((c) => credentialKey(credentialSecret(uuid, c))).sort((a, b) => (a.text < b.text ? -1 : 1));
    await this.send(this.admin, 'addVoters', id, concat(...roll.map((k) => k.bytes)), []);
  }
  // Moves the times of a consultation that is not open: opens now, for so many seconds. The pool's clock may be a tick late.
  async openFor(id, seconds) {
    const opens = Math.floor(Date.now() / 1000) + 3;
    await this.send(this.admin, 'postpone', id, opens, opens + seconds, 'sooner');
    await this.until(id, 'open');
    return (opens + seconds) * 1000;
  }
  // A published consultation with one trustee, who is the admin: { id, document, credentials, state (of trusteeRound) }.
  async consultation({ name, description = '', questions, voters }) {
    const opens = Math.floor(Date.now() / 1000) + 86400, admin = new ethers.Wallet(this.admin).address;
    await this.send(this.admin, 'create', { template: JSON.stringify({ description, name, questions }), opens, closes: opens + 86400, floor: 0,
      registrar: admin, trustees: [{ threshold: 0, members: [admin] }] });
    const id = (await this.view('consultationCount')).count, { record: { uuid } } = await this.view('consultation', id);
    const state = { uuid, seed: newSeed(), owner: 1, threshold: 0, size: 1, member: 0, step: 0, posted: [] };
    const { method, args } = run(jobs.trusteeRound(state));
    await this.send(this.admin, method, id, ...args);
    const credentials = Array.from({ length: voters }, newCredential);
    await this.enrol(id, credentials);
    await this.send(this.admin, 'publish', id);
    const { document } = await this.view('electionOf', id);
    return { id, document, credentials, state };
  }
}
