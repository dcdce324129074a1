// Asks each question of the module that cargo built, and compares the answer with the documented one.
import { readFile } from 'node:fs/promises';
import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads';

// Each question has the answer 4, but for these.
const expected = {
  // Nothing can wake the thread.
  wait_never: /condvar wait not supported.*trap/,
  wait_in_async: /^panicked at src\/main.rs.*waiting here would block an executor.*trap/,
  // There is no clock.
  timeout_ready: /time not implemented on this platform.*trap/,
  timeout_yielded: /time not implemented on this platform.*trap/,
  timeout_never: /time not implemented on this platform.*trap/,
};

async function ask({ file, question }) {
  const module = await WebAssembly.compile(await readFile(file));
  const said = [];
  const host = {
    print(text, length) {
      const memory = instance.exports.memory.buffer;
      said.push(new TextDecoder().decode(new Uint8Array(memory, text, length)).replaceAll('\n', ' '));
    },
  };
  const instance = await WebAssembly.instantiate(module, { host });
  try {
    said.push(String(instance.exports[question]()));
  } catch (error) {
    said.push(`trap: ${error.message}`);
  }
  return said.join('; ');
}

// The answer, or that there is none after five seconds.
function answer(file, question) {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL(import.meta.url), { workerData: { file, question } });
    const timer = setTimeout(() => finish('no answer'), 5_000);
    const finish = async (text) => {
      clearTimeout(timer);
      await worker.terminate();
      resolve(text);
    };
    worker.on('message', finish);
    worker.on('error', reject);
  });
}

if (isMainThread) {
  const file = process.argv[2];
  const module = await WebAssembly.compile(await readFile(file));
  const questions = WebAssembly.Module.exports(module).filter(({ kind }) => kind === 'function');
  let wrong = 0;
  for (const { name } of questions) {
    const text = await answer(file, name);
    const right = name in expected ? expected[name].test(text) : text === '4';
    wrong += right ? 0 : 1;
    console.log(`${right ? ' ' : '!'} ${name}: ${text}`);
  }
  console.log(`wasm_std: ${questions.length - wrong} passed, ${wrong} failed`);
  process.exitCode = wrong === 0 && questions.length >= 20 ? 0 : 1;
} else {
  parentPort.postMessage(await ask(workerData));
}
