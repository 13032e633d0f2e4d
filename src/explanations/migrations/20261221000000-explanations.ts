import { Migration } from '@mikro-orm/migrations';

/**
 * Questions of a replica about a request that it does not remember, and the answers of the others. Both live for a second.
 * Unlogged: a crash loses nothing but questions that are asked again.
 */
export class Migration20261221000000 extends Migration {
  override async up(): Promise<void> {
    this.addSql(`create unlogged table explanation_questions (
      id uuid primary key,
      request_id text not null,
      asked_by uuid not null,
      asked_at timestamptz not null default clock_timestamp()
    )`);
    this.addSql(`create unlogged table explanation_answers (
      question_id uuid not null,
      answered_by uuid not null,
      explanation text,
      answered_at timestamptz not null default clock_timestamp(),
      primary key (question_id, answered_by)
    )`);
  }

  override async down(): Promise<void> {
    this.addSql('drop table explanation_answers');
    this.addSql('drop table explanation_questions');
  }
}
