/** Exit code of a process that cannot start with its configuration: EX_CONFIG of sysexits. */
export const BAD_CONFIGURATION = 78;

/** All problems of the configuration at once. No problem repeats a value that could be a secret. */
export class ConfigError extends Error {
  readonly problems: readonly string[];

  constructor(problems: string[]) {
    super(`Invalid configuration:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`);
    this.name = 'ConfigError';
    this.problems = problems;
  }
}
