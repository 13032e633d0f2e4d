import { z } from 'zod';
import { type IdPrefix, isId } from '../kernel/ids.ts';

/** The data of an event besides its columns: flat, so that it can be listed as names and values. */
export type EventData = Readonly<Record<string, string | number | boolean | null | readonly string[]>>;

/**
 * The events that a feature declares: each type, and the shape of its data. A type is in the past tense.
 *
 * Data says what changed and why. It holds no secret, no hash of one, no email address, no IP address (that has a column
 * of its own) and no text that a user typed, such as a name: events stay when the user is deleted.
 */
export type AuditEvents = Readonly<Record<string, z.ZodType<EventData>>>;

/** The id of an object. No secret has this form. */
export const idOf = (prefix: IdPrefix) => z.string().refine((value) => isId(value, prefix));

/** A moment as `Date.toISOString` writes it, also outside the years 0 to 9999. */
export const moment = () => z.string().regex(/^(?:[+-]\d\d)?\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
