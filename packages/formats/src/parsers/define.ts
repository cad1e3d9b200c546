import {
  defineSection,
  type CheckContext,
  type ConfigElement,
  type ParamSchemas,
  type ParamOutput,
} from '@sluice/config';
import {
  defineParser,
  type Parser,
  type ParserDefinition,
  type PluginContext,
} from '@sluice/plugin';
import {
  checkParseParams,
  parseParams,
  withDefaults,
  type ParseConfig,
  type ParseDefaults,
} from './parse-params.js';
import type { TimeType } from './read-time.js';

type Common = ReturnType<typeof parseParams>;
type Value<P extends ParamSchemas> = {
  [K in keyof P]: ParamOutput<P[K]>;
} & ParseConfig;

/** For a parser that has no parameters of its own. */
export const noParams = {} satisfies ParamSchemas;

/** The parameters with their defaults filled in. */
export type Filled<P extends ParamSchemas> = Value<P> & { readonly timeType: TimeType };

/** Defines a parser that has the common parameters beside its own. */
export function define<P extends ParamSchemas = typeof noParams>(what: {
  readonly type: string;
  readonly description: string;
  readonly params?: P;
  readonly usual?: ParseDefaults;
  readonly check?: (config: Value<P>, context: CheckContext) => void;
  readonly create: (context: PluginContext, config: Filled<P>, element: ConfigElement) => Parser;
}): ParserDefinition {
  const { type, description, usual = {}, check } = what;
  const section = defineSection({
    name: 'parse',
    description,
    params: { ...what.params, ...parseParams(usual) } as P & Common,
    check: (value, context) => {
      const config = value as unknown as Value<P>;
      checkParseParams(config, context, usual);
      check?.(config, context);
    },
  });
  return defineParser({
    type,
    description,
    section,
    create: (value, context, element) => {
      const config = value as unknown as Value<P>;
      return what.create(context, withDefaults(config, usual), element);
    },
  });
}
