import { defineFeature } from '../feature.ts';
import { text } from '../kernel/variable.ts';
import { redisUrlProblem } from './redis-url.ts';

/** Redis, which makes the service faster and may be absent at any moment. */
export const redis = defineFeature({
  name: 'redis',
  variables: {
    redisUrl: text('REDIS_URL', {
      fallback: null,
      shown: 'none: no shared cache',
      meaning: 'Redis 7 or newer: `redis://host:6379/0`, with TLS `rediss://…`.',
      inFile: true,
      read(given, problem) {
        const wrong = given === null ? null : redisUrlProblem(given);
        if (wrong) problem(`REDIS_URL ${wrong}`);
        return given;
      },
    }),
  },
});
