import { GraphQLError, GraphQLScalarType } from 'graphql';

export const Secret = new GraphQLScalarType<string, string>({
  name: 'Secret',
  serialize: (value) => String(value),
  parseValue: () => {
    throw new GraphQLError('A Secret must not be an input.', { extensions: { code: 'BAD_USER_INPUT' } });
  },
});
