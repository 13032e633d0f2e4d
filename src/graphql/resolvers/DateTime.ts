import { GraphQLError, GraphQLScalarType, Kind } from 'graphql';

// RFC 3339 with a time zone: without one, a time means another moment in every place.
const MOMENT = /^(\d{4}-\d{2}-\d{2})[Tt](\d{2}:\d{2}:\d{2})(?:\.\d{1,9})?(?:[Zz]|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/;

function parseMoment(value: unknown): Date {
  const [text, day, time] = (typeof value === 'string' && MOMENT.exec(value)) || [];
  const moment = text && isInCalendar(`${day}T${time}`) ? new Date(text) : null;
  // A time zone can move it out of the years that RFC 3339 allows.
  if (moment && moment.getUTCFullYear() >= 0 && moment.getUTCFullYear() <= 9999) return moment;
  throw new GraphQLError(
    'A DateTime must be an RFC 3339 date and time with a time zone, e.g. "2027-01-31T12:00:00Z". Leap seconds are not allowed.',
    { extensions: { code: 'BAD_USER_INPUT' } },
  );
}

/**
 * `Date` converts 30 February to 2 March, and 24:00 to the next day. An existing date and time is returned unchanged.
 */
function isInCalendar(dayAndTime: string): boolean {
  return new Date(`${dayAndTime}Z`).toJSON()?.startsWith(dayAndTime) ?? false;
}

export const DateTime = new GraphQLScalarType<Date, string>({
  name: 'DateTime',
  serialize: (value) => (value as Date).toISOString(),
  parseValue: parseMoment,
  parseLiteral: (node) => parseMoment(node.kind === Kind.STRING ? node.value : null),
});
