import type { User } from '../../accounts/user.entity.ts';

export type UserMapper = User;
