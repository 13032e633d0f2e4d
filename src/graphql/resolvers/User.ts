import type { UserResolvers } from '../generated/types.ts';

export const User: UserResolvers = {
  email: (user, _arg, { services }) => services.emails.open(user),
};
