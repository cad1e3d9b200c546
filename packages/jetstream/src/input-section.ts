import { defineSection, t, type SectionOf } from '@sluice/config';
import { checkConnection, connectionParams } from './connection-section.js';
import { covers } from './subject.js';

const mib = 1024 * 1024;

/** The parameters of `<source> @type jetstream`. */
export const jetstreamInputSection = defineSection({
  name: 'source',
  description: 'Takes chunks from a stream of NATS JetStream, and acknowledges them once kept.',
  params: {
    ...connectionParams,
    durable: t
      .string()
      .describe('Name of the durable consumer; agents and workers with one name share its work'),
    filterSubject: t
      .string()
      .optional()
      .describe('Take messages of these subjects only, with wildcards (default: all)'),
    deliverPolicy: t
      .enum(['all', 'new'])
      .default('all')
      .describe('Where a consumer begins that is created: at the first message, or at the next'),
    ackWait: t
      .time({ min: 0.5 })
      .default(30)
      .describe('Seconds until a message of an agent that is gone goes to another one'),
    maxAckPending: t
      .integer({ min: 1 })
      .default(1000)
      .describe('Messages of this consumer that are not acknowledged yet, of all agents together'),
    inFlightLimitSize: t
      .size({ min: 1 })
      .default(64 * mib)
      .describe('Bytes that this agent has in hand; it takes nothing more over that'),
    maxDeliver: t
      .integer({ min: 1 })
      .optional()
      .describe('Attempts for each message, then it is a dead letter (default: any number)'),
    deadLetterSubject: t
      .string()
      .optional()
      .describe('Subject, of some stream, for messages that are given up or are not events'),
    retryWait: t
      .time({ min: 0.001 })
      .default(1)
      .describe('Seconds until a message comes again that was not kept; doubles each time'),
    retryMaxInterval: t.time({ min: 0.001 }).default(60).describe('The longest of these waits'),
  },
  check: (value, context) => {
    checkConnection(value, context);
    if (!/^[^\s.*>/\\]+$/.test(value.durable)) {
      throw context.error(
        'durable',
        `durable "${value.durable}": a name has no blanks, and none of . * > / \\`,
      );
    }
    const { maxDeliver, deadLetterSubject, filterSubject } = value;
    if (maxDeliver !== undefined && deadLetterSubject === undefined) {
      throw context.error(
        'maxDeliver',
        'max_deliver needs dead_letter_subject',
        'without it messages that are given up would be lost',
      );
    }
    if (deadLetterSubject === undefined) return;
    if (
      !/^[\x21-\x7e]+$/.test(deadLetterSubject) ||
      /(^|\.)([*>]?)(\.|$)/.test(deadLetterSubject)
    ) {
      throw context.error(
        'deadLetterSubject',
        `"${deadLetterSubject}" is not a subject that can be published to`,
      );
    }
    if (filterSubject !== undefined && covers(filterSubject, deadLetterSubject)) {
      throw context.error(
        'deadLetterSubject',
        'dead_letter_subject is among those of filter_subject',
        'dead letters would come in again',
      );
    }
  },
});

/** What the section is read into. */
export type JetStreamInputConfig = SectionOf<typeof jetstreamInputSection>;
