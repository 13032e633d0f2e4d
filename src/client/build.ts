// `npm run build:client`: writes the package @rekey/client to dist/client, or to another folder, as JavaScript with types.
import { execFileSync } from 'node:child_process';
import { copyFileSync, globSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const here = import.meta.dirname;
const root = join(here, '..', '..');
const target = resolve(process.argv[2] ?? join(root, 'dist', 'client'));
const read = (...path: string[]) => readFileSync(join(...path), 'utf8');

/** Replaces text that must be there. */
function replaceIn(file: string, from: string | RegExp, to: string): void {
  const before = read(target, file);
  const after = before.replaceAll(from, to);
  if (after === before) throw new Error(`${file} does not contain ${from}. Change src/client/build.ts.`);
  writeFileSync(join(target, file), after);
}

rmSync(target, { recursive: true, force: true });
const { bin } = JSON.parse(read(root, 'node_modules', 'typescript', 'package.json'));
const compiler = join(root, 'node_modules', 'typescript', bin.tsc);
execFileSync(process.execPath, [compiler, '-p', join(here, 'tsconfig.json'), '--outDir', target], { stdio: 'inherit' });

// A bundler then keeps only the documents that are used.
replaceIn(
  join('generated', 'graphql.js'),
  / = new TypedDocumentString\(/g,
  ' = /*#__PURE__*/ new TypedDocumentString(',
);
// The package has no dependency, not even one of types.
replaceIn(
  join('generated', 'graphql.d.ts'),
  /^import type \{ DocumentTypeDecoration \} from .*$/gm,
  'type DocumentTypeDecoration<Result, Variables> = { __apiType?: (variables: Variables) => Result };',
);

// The compiler rewrites the extension of an import in JavaScript only.
for (const file of globSync('**/*.d.ts', { cwd: target })) {
  const path = join(target, file);
  writeFileSync(path, readFileSync(path, 'utf8').replaceAll(/(from '\.[^']*)\.ts'/g, "$1.js'"));
}

const { version } = JSON.parse(read(root, 'package.json'));
const { name, ...manifest } = JSON.parse(read(here, 'package.json'));
writeFileSync(join(target, 'package.json'), `${JSON.stringify({ name, version, ...manifest }, null, 2)}\n`);
copyFileSync(join(here, 'README.md'), join(target, 'README.md'));
copyFileSync(join(root, 'LICENSE'), join(target, 'LICENSE'));
