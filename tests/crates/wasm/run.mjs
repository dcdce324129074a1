// Runs the module that cargo built: the checks inside it, and one call on node's own event loop.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';

let scheduled = 0;
const polled = [];
const host = {
  print(text, length) {
    console.error(new TextDecoder().decode(new Uint8Array(exports.memory.buffer, text, length)));
  },
  schedule() {
    scheduled += 1;
    setImmediate(() => polled.push(exports.poll()));
  },
};
const { instance } = await WebAssembly.instantiate(await readFile(process.argv[2]), { host });
const { exports } = instance;
const checks = exports.checks();

// The call runs when it is polled, and it is polled again only after an event woke it.
exports.begin();
assert.equal(exports.poll(), -1);
await setTimeout(10);
assert.deepEqual([scheduled, polled], [0, []]);
exports.bring(4);
assert.equal(scheduled, 1);
await setTimeout(10);
assert.deepEqual(polled, [-1]);
exports.bring(2);
await setTimeout(10);
assert.deepEqual([scheduled, polled], [2, [-1, 42]]);

console.log(`wasm: ${checks + 5} checks passed`);
