import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

/** The largest file that is read, in bytes. A secret or a URL is much shorter. */
const LARGEST = 64 * 1024;

/**
 * The one line of text that a file holds, without line breaks at its end and without a byte order mark. Secrets of
 * containers and of service managers are such files.
 *
 * @returns the text, or the problem with the file as a sentence, which repeats nothing of the path or the content
 */
export function readLine(path: string): { text: string } | { problem: string } {
  const read = readBounded(path);
  if ('problem' in read) return read;
  if (read.bytes.length > LARGEST) return { problem: `the file must have at most ${LARGEST / 1024} KiB.` };
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(read.bytes);
  } catch {
    return { problem: 'the file must be text in UTF-8.' };
  }
  const line = text.replace(/[\r\n]+$/, '');
  if (line.includes('\0')) return { problem: 'the file must be text, and it holds a NUL byte.' };
  if (line.trim() === '') return { problem: 'the file is empty.' };
  if (/[\r\n]/.test(line)) return { problem: 'the file must have one line, and it has several.' };
  return { text: line };
}

/** At most one byte more than is allowed. A device or a pipe has no size that could be asked for. */
function readBounded(path: string): { bytes: Buffer } | { problem: string } {
  try {
    const file = openSync(path, 'r');
    try {
      if (fstatSync(file).isDirectory()) return { problem: 'it names a directory, not a file.' };
      const bytes = Buffer.alloc(LARGEST + 1);
      let length = 0;
      for (let got = -1; got !== 0 && length < bytes.length; length += got) {
        got = readSync(file, bytes, length, bytes.length - length, null);
      }
      return { bytes: bytes.subarray(0, length) };
    } finally {
      closeSync(file);
    }
  } catch (error) {
    return { problem: `the file cannot be read (${(error as NodeJS.ErrnoException).code}).` };
  }
}
