import { BAD_CONFIGURATION, ConfigError } from '../kernel/config-error.ts';
import { messageOf } from '../kernel/message.ts';
import { program } from './program.ts';

// The reader of a pipe, `head` for instance, may close it before everything is written.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

try {
  await program.parseAsync();
} catch (error) {
  process.stderr.write(`${messageOf(error)}\n`);
  process.exit(error instanceof ConfigError ? BAD_CONFIGURATION : 1);
}
