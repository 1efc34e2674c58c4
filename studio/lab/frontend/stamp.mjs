// Write the hash of the sources beside what was built from them, so that a test sees when it is older.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';

const listed = (folder, ending) =>
  readdirSync(folder)
    .filter(name => name.endsWith(ending))
    .map(name => `${folder}/${name}`);
const files = [
  'package-lock.json',
  'package.json',
  'tsconfig.json',
  ...listed('src', '.ts'),
  ...listed('style', ''),
  ...listed('../templates', '.txt')
].sort();
const hash = createHash('sha256');
for (const file of files) {
  hash.update(`${file}\n`).update(readFileSync(file)).update('\n');
}
writeFileSync('../labextension/sources.sha256', `${hash.digest('hex')}\n`);
