import type { Statement } from '../database/sql.ts';
import { otherReplicas } from '../revocation/statements.ts';

/** The channel that announces questions and answers. */
export const CHANNEL = 'rekey_explanations';
/** How long a question is open, in milliseconds: the longest wait for its answers. */
export const OPEN_MS = 1000;

/**
 * Asks all other replicas, if there are any. Parameters: the id of the question, the request, this process, and its id as a
 * replica, which may be null.
 */
export const ASK: Statement = {
  name: 'explanation-ask',
  text: `with others as materialized (select ${otherReplicas('$4::uuid')} as count),
      asked as (insert into explanation_questions (id, request_id, asked_by)
        select $1::uuid, $2, $3::uuid from others where count > 0 returning 1)
    select count as others, (select pg_notify('${CHANNEL}', '') from asked)::text as notified from others`,
};

/** The questions that this process has not answered yet. Parameter: this process. */
export const OPEN: Statement = {
  name: 'explanation-open',
  text: `select q.id, q.request_id as "requestId" from explanation_questions q
    where q.asked_by <> $1::uuid and abs(extract(epoch from clock_timestamp() - q.asked_at)) * 1000 <= ${OPEN_MS}
      and not exists (select from explanation_answers a where a.question_id = q.id and a.answered_by = $1::uuid)
    order by q.asked_at limit 100`,
};
export interface Question {
  id: string;
  requestId: string;
}

/** Parameters: this process, and a JSON array of answers. */
export const ANSWER: Statement = {
  name: 'explanation-answer',
  text: `with answered as (insert into explanation_answers (question_id, answered_by, explanation)
        select (answer ->> 'id')::uuid, $1::uuid, answer ->> 'explanation' from json_array_elements($2::json) answer
        on conflict do nothing returning 1)
    select pg_notify('${CHANNEL}', '')::text from (select count(*) from answered) as done`,
};

/** Parameter: the id of the question. */
export const ANSWERS: Statement = {
  name: 'explanation-answers',
  text: 'select explanation from explanation_answers where question_id = $1::uuid',
};

/** Deletes a question with its answers. Parameter: the id of the question. */
export const CLOSE: Statement = {
  name: 'explanation-close',
  text: `with question as (delete from explanation_questions where id = $1::uuid)
    delete from explanation_answers where question_id = $1::uuid`,
};

/** Deletes what a replica that stopped has left, and answers that came too late. */
export const PURGE: Statement = {
  name: 'explanation-purge',
  text: `with questions as (delete from explanation_questions
      where abs(extract(epoch from clock_timestamp() - asked_at)) > 60)
    delete from explanation_answers where abs(extract(epoch from clock_timestamp() - answered_at)) > 60`,
};
