import { defineSection, t, type SectionOf } from '@sluice/config';
import { checkConnection, connectionParams } from './connection-section.js';
import { covers, SubjectTemplate, templateProblem } from './subject.js';

const mib = 1024 * 1024;

/** The parameters of `<match> @type jetstream`. */
export const jetstreamOutputSection = defineSection({
  name: 'match',
  description: 'Publishes chunks to a stream of NATS JetStream, each exactly once.',
  params: {
    ...connectionParams,
    subject: t
      .string()
      .default('sluice.${tag}')
      .describe('Subject to publish to; ${tag} and ${tag[N]}, a part of it, are put in'),
    publishWindow: t
      .integer({ min: 1 })
      .default(64)
      .describe('Messages under way that are not acknowledged yet'),
    publishTimeout: t
      .time({ min: 0.01 })
      .default(5)
      .describe('Seconds to wait for an acknowledgement before the message is sent again'),
    retryTimeout: t
      .time({ min: 0.001 })
      .default(60)
      .describe('Seconds until events that are not acknowledged are refused to their sender'),
    queueLimitSize: t
      .size({ min: 1 })
      .default(256 * mib)
      .describe('Refuse events while so many bytes wait or are under way'),
    createStream: t.bool().default(false).describe('Create the stream where it does not exist'),
    subjects: t
      .array(t.string())
      .optional()
      .describe('Subjects of a created stream; those that subject can give'),
    replicas: t
      .integer({ min: 1, max: 5 })
      .default(1)
      .describe('Servers that keep each message of a created stream'),
    storage: t.enum(['file', 'memory']).default('file').describe('Where a created stream is'),
    retention: t
      .enum(['limits', 'workqueue', 'interest'])
      .default('limits')
      .describe(
        'When a created stream forgets: by its limits, once acknowledged, by all consumers',
      ),
    discard: t
      .enum(['new', 'old'])
      .default('new')
      .describe('What a created stream that is full does: refuse new messages or drop old ones'),
    maxAge: t
      .time()
      .optional()
      .describe('Seconds that a created stream keeps messages (default: for ever)'),
    maxBytes: t
      .size({ min: 1 })
      .optional()
      .describe('The most bytes of a created stream (default: what the servers have)'),
    duplicateWindow: t
      .time({ min: 0.1 })
      .default(120)
      .describe('Seconds in which a created stream knows a chunk that comes again'),
  },
  check: (value, context) => {
    checkConnection(value, context);
    const problem = templateProblem(value.subject);
    if (problem !== undefined) throw context.error('subject', `subject: ${problem}`);
    const { pattern } = new SubjectTemplate(value.subject);
    const { subjects } = value;
    if (subjects !== undefined && !subjects.some((outer) => covers(outer, pattern))) {
      throw context.error(
        'subjects',
        `subjects does not have ${pattern}, to which subject publishes`,
        `add ${pattern}`,
      );
    }
    if (value.maxAge !== undefined && value.maxAge > 0 && value.duplicateWindow > value.maxAge) {
      throw context.error(
        'duplicateWindow',
        'duplicate_window is longer than max_age',
        'a chunk that is forgotten cannot be known again',
      );
    }
    if (value.createStream) return;
    for (const name of ['subjects', 'maxAge', 'maxBytes'] as const) {
      if (value[name] === undefined) continue;
      throw context.error(name, 'this is about a created stream', 'add create_stream true');
    }
  },
});

/** What the section is read into. */
export type JetStreamOutputConfig = SectionOf<typeof jetstreamOutputSection>;
