import { styleText } from 'node:util';

const COLORS: Readonly<Record<string, Parameters<typeof styleText>[0]>> = {
  warn: 'yellow',
  error: 'red',
  fatal: ['bold', 'red'],
};

/** The part of a serialized error that a person reads. */
interface LoggedError {
  stack?: string;
  message?: string;
  cause?: LoggedError;
}

/**
 * A line of the log for a person at a terminal: time, level, message and fields, and the stack of an error below. It is
 * made from the finished line of JSON, so it shows nothing that the log would not.
 */
export function readableLine(json: string): string {
  const { level, time, msg = '', err, pid: _pid, hostname: _hostname, ...fields } = JSON.parse(json);
  const named = String(level).toUpperCase().padEnd(5);
  const color = COLORS[level];
  const head = [String(time).slice(11), color ? styleText(color, named) : named, visible(String(msg))];
  for (const [name, value] of Object.entries(fields)) {
    head.push(
      styleText('dim', `${visible(name)}=${visible(typeof value === 'string' ? value : JSON.stringify(value))}`),
    );
  }
  return `${head.join(' ')}\n${stacksOf(err)}`;
}

function stacksOf(error: LoggedError | undefined, label = ''): string {
  if (!error) return '';
  const text = `${label}${error.stack ?? error.message ?? JSON.stringify(error)}`;
  const lines = text.split('\n').map((line) => `    ${visible(line.trimEnd())}\n`);
  return lines.join('') + stacksOf(error.cause, 'caused by ');
}

/** Text from outside must not move the cursor, nor look like a line of its own. */
function visible(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it replaces
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, escaped);
}

const escaped = (character: string) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
