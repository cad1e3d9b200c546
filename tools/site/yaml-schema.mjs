/**
 * A JSON schema of the YAML form of a configuration, for editors. It is made for completion and
 * hovers: values that the agent reads from text are taken as text, too.
 */

const kindsOfTop = { source: 'input', filter: 'filter', match: 'output' };
/** Sections inside of others that are plugins by `$type`. */
const kindsOfInner = {
  parse: 'parser',
  format: 'formatter',
  buffer: 'chunk_store',
  service_discovery: 'service_discovery',
  store: 'output',
  secondary: 'output',
};
const text = { type: 'string' };

/**
 * @param {import('./reference-data.mjs').Entry[]} entries
 * @returns {object} a JSON schema, draft 7
 */
export function yamlSchema(entries) {
  const of = (kind) => entries.filter((entry) => entry.kind === kind);
  const shared = (name) => entries.find((entry) => entry.name === name).section;
  const $defs = {};
  for (const kind of new Set([...Object.values(kindsOfTop), ...Object.values(kindsOfInner)])) {
    const common = kind === 'chunk_store' ? shared('buffer') : undefined;
    $defs[kind] = pluginSchema(of(kind), common);
  }
  $defs.inject = sectionSchema(shared('inject'));
  const items = {
    type: 'object',
    additionalProperties: false,
    properties: {
      ...Object.fromEntries(
        Object.entries(kindsOfTop).map(([name, kind]) => [name, { $ref: `#/$defs/${kind}` }]),
      ),
      label: groupSchema('$name', 'The name of the label: @ERROR, @ROOT or your own'),
      worker: groupSchema('$arg', 'The worker that it is for: 0, or 0-2'),
    },
  };
  $defs.config = { type: 'array', items };
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'A configuration of Sluice or Fluentd in YAML',
    type: 'object',
    properties: { system: sectionSchema(shared('system')), config: { $ref: '#/$defs/config' } },
    $defs,
  };
}

function groupSchema(argument, description) {
  return {
    type: 'object',
    required: ['config'],
    additionalProperties: false,
    properties: { [argument]: { ...text, description }, config: { $ref: '#/$defs/config' } },
  };
}

/** A section whose parameters depend on `$type`; of a type that is not shipped, anything goes. */
function pluginSchema(entries, common) {
  const types = entries.map(({ type }) => type);
  return {
    type: 'object',
    properties: {
      $type: {
        anyOf: [{ enum: types }, text],
        description: 'The plugin, Fluentd: @type',
      },
      $id: { ...text, description: 'Its name in the log and in the metrics, Fluentd: @id' },
      $log_level: { ...text, description: 'The level of its log, Fluentd: @log_level' },
      $label: { ...text, description: 'The label that its events go to, Fluentd: @label' },
      $tag: { anyOf: [text, { type: 'array', items: text }], description: 'Patterns of tags' },
      $arg: { anyOf: [text, { type: 'array', items: text }], description: 'The argument' },
      ...(common && sectionSchema(common).properties),
    },
    allOf: entries.map(({ type, description, section }) => ({
      if: { required: ['$type'], properties: { $type: { const: type } } },
      then: { description, ...sectionSchema(section) },
    })),
  };
}

function sectionSchema({ description, params, argument, sections }) {
  const properties = {};
  const required = [];
  if (argument) properties.$arg = parameterSchema(argument);
  for (const param of params) {
    for (const name of [param.name, ...param.aliases]) properties[name] = parameterSchema(param);
    if (param.required && param.aliases.length === 0) required.push(param.name);
  }
  for (const inner of sections) {
    const one = innerSchema(inner);
    const schema = inner.multiple ? { anyOf: [one, { type: 'array', items: one }] } : one;
    for (const name of [inner.name, ...inner.aliases]) properties[name] = schema;
  }
  return {
    type: 'object',
    ...(description && { description }),
    properties,
    ...(required.length > 0 && { required }),
  };
}

function innerSchema(inner) {
  const open = inner.params.length === 0 && inner.sections.length === 0;
  if (open && inner.name === 'inject') return { $ref: '#/$defs/inject' };
  const kind = open ? kindsOfInner[inner.name] : undefined;
  return kind === undefined ? sectionSchema(inner) : { $ref: `#/$defs/${kind}` };
}

function parameterSchema(param) {
  const { type, values, description, default: value, defaultText, deprecated, obsoleted } = param;
  const words = [description, defaultText !== undefined && `Default: ${defaultText}`, deprecated];
  const shown = words.filter(Boolean).join('. ');
  return {
    ...typeSchema(type, values),
    ...(shown && { description: shown }),
    ...(isPlain(value) && { default: defaultText ?? value }),
    ...((deprecated !== undefined || obsoleted !== undefined) && {
      deprecated: true,
      deprecationMessage: deprecated ?? obsoleted,
    }),
  };
}

const isPlain = (value) => ['string', 'number', 'boolean'].includes(typeof value);

function typeSchema(type, values) {
  if (values !== undefined) return { anyOf: [{ enum: [...values] }, text] };
  if (type === 'bool') return { type: ['boolean', 'string'] };
  if (['integer', 'float', 'size', 'time'].includes(type)) return { type: ['number', 'string'] };
  if (type === 'array') return { type: ['array', 'string'] };
  if (type === 'hash') return { type: ['object', 'string'] };
  return { type: ['string', 'number', 'boolean', 'null'] };
}
