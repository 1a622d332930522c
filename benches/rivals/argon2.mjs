// Times the Argon2 of @node-rs/argon2, a batch for each line of input, so that the caller can take turns.
import { createInterface } from 'node:readline';
import { hashSync, verifySync } from '@node-rs/argon2';

const password = 'correct horse battery staple';
const stored = hashSync(password, { algorithm: 2, memoryCost: 19456, timeCost: 2, parallelism: 1 });

for await (const line of createInterface({ input: process.stdin })) {
  const times = [];
  for (let i = 0; i < Number(line); i += 1) {
    const start = process.hrtime.bigint();
    if (!verifySync(stored, password)) process.exit(1);
    times.push(Number(process.hrtime.bigint() - start) / 1e3);
  }
  times.sort((a, b) => a - b);
  console.log(times[times.length >> 1]);
}
