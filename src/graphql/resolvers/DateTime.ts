import { GraphQLError, GraphQLScalarType, Kind } from 'graphql';

// RFC 3339 with a time zone: a moment without one is a different moment in every place.
const MOMENT = /^\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:[Zz]|[+-]\d{2}:\d{2})$/;

function parseMoment(value: unknown): Date {
  const moment = typeof value === 'string' && MOMENT.test(value) ? new Date(value) : null;
  if (moment && !Number.isNaN(moment.getTime())) return moment;
  throw new GraphQLError('A DateTime is written as in RFC 3339, e.g. "2027-01-31T12:00:00Z".', {
    extensions: { code: 'BAD_USER_INPUT' },
  });
}

export const DateTime = new GraphQLScalarType<Date, string>({
  name: 'DateTime',
  serialize: (value) => (value as Date).toISOString(),
  parseValue: parseMoment,
  parseLiteral: (node) => parseMoment(node.kind === Kind.STRING ? node.value : null),
});
