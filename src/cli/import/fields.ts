/** A record that cannot be imported. The message never contains a value of the record. */
export class LineProblem extends Error {}

/** The fields of one record, as it comes from a file. Each method throws a `LineProblem` that names the field. */
export class Fields {
  readonly #record: Readonly<Record<string, unknown>>;
  readonly #isDump: boolean;

  /** @param options.isDump whether a database wrote the record: in CSV files, `NULL` and `\N` then mean no value */
  constructor(record: Readonly<Record<string, unknown>>, { isDump = false } = {}) {
    this.#record = record;
    this.#isDump = isDump;
  }

  /** Rejects a record with other fields. Their names are not repeated: they could be values. */
  allow(names: readonly string[]): void {
    const index = Object.keys(this.#record).findIndex((name) => !names.includes(name));
    if (index >= 0)
      throw new LineProblem(`Field ${index + 1} has an unknown name. These are known: ${names.join(', ')}.`);
  }

  /** The value of the first of these fields that has one; undefined if none has. Null counts as left out. */
  any(...names: string[]): unknown {
    const isThere = (value: unknown) =>
      value !== undefined && value !== null && !(this.#isDump && (value === 'NULL' || value === '\\N'));
    return names.map((name) => this.#record[name]).find(isThere);
  }

  text(...names: string[]): string | null {
    const value = this.any(...names);
    if (value === undefined) return null;
    if (typeof value !== 'string') throw new LineProblem(`${names[0]}: Must be a text.`);
    return value === '' ? null : value;
  }

  /** A list; in a CSV file, a text with spaces between the items. */
  list(...names: string[]): string[] {
    const value = this.any(...names);
    if (value === undefined) return [];
    if (typeof value === 'string') return value.split(/\s+/).filter(Boolean);
    if (!Array.isArray(value) || !value.every((item) => typeof item === 'string'))
      throw new LineProblem(`${names[0]}: Must be a list of texts.`);
    return value;
  }

  /** A JSON object; in a CSV file, its text. */
  object(...names: string[]): Record<string, unknown> | null {
    let value = this.any(...names);
    if (value === undefined || value === '') return null;
    if (typeof value === 'string') {
      try {
        value = JSON.parse(value);
      } catch {
        throw new LineProblem(`${names[0]}: Must be a JSON object.`);
      }
      if (value === null) return null;
    }
    if (typeof value !== 'object' || Array.isArray(value)) throw new LineProblem(`${names[0]}: Must be a JSON object.`);
    return value as Record<string, unknown>;
  }

  /** The truth value of a field. Databases also write 1 and 0, or `t` and `f`. */
  flag(name: string, fallback: boolean): boolean {
    const value = this.any(name);
    if (value === undefined || value === '') return fallback;
    if (value === true || value === 1 || value === '1' || value === 'true' || value === 't') return true;
    if (value === false || value === 0 || value === '0' || value === 'false' || value === 'f') return false;
    throw new LineProblem(`${name}: Must be true or false.`);
  }

  /** A moment in RFC 3339. */
  moment(name: string): Date | null {
    const value = this.text(name);
    if (value === null) return null;
    const moment = RFC3339.test(value) ? new Date(value) : null;
    if (!moment || Number.isNaN(moment.getTime()))
      throw new LineProblem(`${name}: Must be a moment with a time zone, such as 2027-01-31T12:00:00Z.`);
    return moment;
  }

  /** A moment as databases write it: milliseconds since the epoch, or a text that is in UTC unless it says otherwise. */
  dumpedMoment(...names: string[]): Date | null {
    const value = this.any(...names);
    if (value === undefined || value === '') return null;
    const isNumber = typeof value === 'number' || (typeof value === 'string' && /^\d{1,15}$/.test(value));
    if (isNumber && Number(value) === 0) return null;
    const parts = typeof value === 'string' ? SQL_MOMENT.exec(value) : null;
    const [, day, time, zone = 'Z'] = parts ?? [];
    const text = parts
      ? `${day}T${time}${zone.replace(/^([+-]\d\d)$/, '$1:00').replace(/^([+-]\d\d)(\d\d)$/, '$1:$2')}`
      : '';
    const moment = isNumber ? new Date(Number(value)) : new Date(text);
    if (Number.isNaN(moment.getTime())) throw new LineProblem(`${names[0]}: Must be a moment.`);
    return moment;
  }
}

const RFC3339 = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:[Zz]|[+-]\d\d:\d\d)$/;
const SQL_MOMENT = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d(?:\.\d{1,9})?)(Z|[+-]\d\d(?::?\d\d)?)?$/;
